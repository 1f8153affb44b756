// The questions that a VM asks when it cannot go on by itself: shown as runtime.question,
// answered by AnswerVM. A VM asks one at a time; another takes its place.
#pragma once

#include <map>

#include "rt/signal.h"
#include "vim/gen/calls_vm.h"
#include "vm/context.h"

namespace vm {

class Questions {
public:
    struct Choice {
        std::string key, label;
    };
    using Then = std::function<rt::Co<vim::Result<>>(std::string key)>;
    struct Question {
        std::string message_id, text;
        std::vector<Choice> choices;
        int usual = 0;                   // of the choices
        Then then;                       // what the answer does
    };

    explicit Questions(Context& context) : c_(context) {}

    void Ask(const vim::Ref& vm, Question question);
    // Asks and waits for the answer: its key.
    rt::Co<std::string> AskAndWait(vim::Ref vm, Question question);
    rt::Co<vim::Result<>> Answer(vim::call::AnswerVM call, std::string user);

private:
    struct Waiting {
        std::string key;
        rt::Signal answered;
    };
    static rt::Co<vim::Result<>> Wake(std::shared_ptr<Waiting> waiting, std::string key);

    Context& c_;
    std::map<std::string, Question> asked_;              // by id of the question
    int next_ = 1;
};

}  // namespace vm
