// A part of a task as a task of its own: for an operation that another one does on its way.
#pragma once

#include "task/tasks.h"

namespace vm {

class PartProgress final : public task::Progress {
public:
    // What the whole task's journal is to hold when the part comes to a step.
    using Note = std::function<std::string(const std::string& step, const std::string& state)>;
    struct Share {
        int from = 0, to = 100;          // of the whole, in percent
        bool cancelable = true;          // else a cancel waits for its end
    };
    PartProgress(task::Progress& whole, Share share, Note note = {})
        : whole_(whole), share_(share), note_(std::move(note)) {}

    void Percent(int done) override { whole_.Percent(share_.from + (share_.to - share_.from) * done / 100); }
    bool cancelled() const override { return share_.cancelable && whole_.cancelled(); }
    void OnCancel(std::function<void()> fn) override {
        if (share_.cancelable) whole_.OnCancel(std::move(fn));
    }
    rt::Co<base::Result<>> Step(std::string name, std::string state) override {
        std::string kept = note_ ? note_(name, state) : std::move(state);
        return whole_.Step(std::move(name), std::move(kept));
    }
    const vim::Ref& task() const override { return whole_.task(); }
    int chain_id() const override { return whole_.chain_id(); }

private:
    task::Progress& whole_;
    const Share share_;
    const Note note_;
};

}  // namespace vm
