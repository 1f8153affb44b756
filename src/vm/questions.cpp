#include "vm/questions.h"

#include <algorithm>

#include "base/text.h"

namespace vm {
namespace {

vim::Ptr<vim::ElementDescription> Shown(const Questions::Choice& choice) {
    vim::ElementDescription d;
    d.key = choice.key;
    d.label = d.summary = choice.label;
    return d;
}

}  // namespace

void Questions::Ask(const vim::Ref& ref, Question question) {
    vim::VirtualMachineQuestionInfo q;
    q.id = base::Cat(next_++);
    q.text = question.text;
    vim::ChoiceOption choice;
    for (const Choice& c : question.choices) choice.choice_info.push_back(Shown(c));
    choice.default_index = question.usual;
    q.choice = std::move(choice);
    vim::VirtualMachineMessage message;
    message.id = question.message_id;
    message.text = question.text;
    q.message.push_back(std::move(message));
    if (auto vm = c_.Get(ref); vm && vm->runtime->question) asked_.erase(vm->runtime->question->id);
    vim::VmMessageWarningEvent event;
    event.message = question.text;
    asked_[q.id] = std::move(question);
    c_.Change(ref, [&](Vm& vm) { vm.runtime.Mut().question = std::move(q); });
    c_.Post(std::move(event), ref, "");
}

rt::Co<vim::Result<>> Questions::Wake(std::shared_ptr<Waiting> waiting, std::string key) {
    waiting->key = std::move(key);
    waiting->answered.Notify();
    co_return vim::Result<>{};
}

rt::Co<std::string> Questions::AskAndWait(vim::Ref vm, Question question) {
    auto waiting = std::make_shared<Waiting>();
    question.then = [waiting](std::string key) { return Wake(waiting, std::move(key)); };
    Ask(vm, std::move(question));
    while (waiting->key.empty()) co_await waiting->answered.Wait();
    co_return waiting->key;
}

rt::Co<vim::Result<>> Questions::Answer(vim::call::AnswerVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    const auto& asked = vm->runtime->question;
    auto found = asked_.find(call.question_id);
    if (!asked || asked->id != call.question_id || found == asked_.end())
        co_return vim::Fault(vim::ConcurrentAccess(),
                             base::Cat(vm->name, " does not ask question ", call.question_id, " (any more)"));
    const auto& choices = found->second.choices;
    auto chosen =
        std::find_if(choices.begin(), choices.end(), [&](const Choice& c) { return c.key == call.answer_choice; });
    if (chosen == choices.end()) {
        std::string words = "the answers are";
        for (const Choice& c : choices)
            words += base::Cat(&c == &choices.front() ? " " : ", ", c.key, " (", c.label, ")");
        co_return vim::Fault(vim::InvalidArgument("answerChoice"), std::move(words));
    }
    std::string label = chosen->label;
    Then then = std::move(found->second.then);
    asked_.erase(found);
    c_.Change(call.self, [](Vm& v) { v.runtime.Mut().question = nullptr; });
    co_await c_.Note(call.self, base::Cat("question answered with ", label, " by ", user));
    co_return co_await then(call.answer_choice);
}

}  // namespace vm
