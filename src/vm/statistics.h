// What the VMs that run use: looked at every 20 s, for their performance counters and, in
// one edit, for summary.quickStats of VMs and pools.
#pragma once

#include "perf/recorder.h"
#include "vm/context.h"
#include "vm/readings.h"

namespace vm {

class Statistics {
public:
    explicit Statistics(Context& context) : c_(context) {}

    void SetRecorder(perf::Recorder* recorder) { recorder_ = recorder; }
    rt::Co<void> Look(base::Time at);

private:
    // One look at all VMs. They are asked side by side, and one that hangs holds up nobody.
    struct Round {
        base::Time at;
        int left = 0;
        rt::Signal done;
        std::vector<std::pair<vim::Ref, Quick>> quick;
    };
    rt::Co<void> LookAt(std::shared_ptr<Round> round, vim::Ref vm);
    void Take(Round& round, Record& record, const Vm& vm, backend::Usage usage);
    void AddAverages(const vim::Ref& vm, std::vector<perf::Reading>& readings) const;
    void Publish(const Round& round);
    rt::Co<void> BoundLogs(std::vector<vim::Ref> running);

    Context& c_;
    perf::Recorder* recorder_ = nullptr;
    int looks_ = 0;
};

}  // namespace vm
