// What a VM shows and what it is typed: its screen, its first serial port, pictures, keys.
// Who may look is asked by whoever calls; here is whether there is anything to see.
#pragma once

#include "rt/byte_stream.h"
#include "vim/gen/calls_vm.h"
#include "vm/context.h"

namespace vm {

class Console {
public:
    explicit Console(Context& context) : c_(context) {}

    // InvalidPowerState: it is off, and shows nothing. ManagedObjectNotFound, InvalidState.
    vim::Result<std::shared_ptr<const Vm>> Shown(const vim::Ref& vm) const;

    rt::Co<vim::Result<rt::ByteStreamPtr>> OpenDisplay(vim::Ref vm);       // RFB
    struct SerialLine {
        rt::ByteStreamPtr stream;
        std::string before;              // the end of what the port has said until now
    };
    rt::Co<vim::Result<SerialLine>> OpenSerial(vim::Ref vm);

    // Somebody looks, and does not any more: events, and runtime.numMksConnections.
    // InvalidState: as many as may look do already.
    static constexpr int kMostViewers = 40;
    vim::Result<> Entered(const vim::Ref& vm, const std::string& user, const std::string& peer);
    void Left(const vim::Ref& vm, const std::string& user);

    // A PNG. Width and height 0: as the screen is; one of them 0: in proportion.
    struct Wanted {
        int width = 0, height = 0;
    };
    static constexpr int kMostPixels = 8192;
    rt::Co<vim::Result<std::string>> TakePicture(vim::Ref vm, Wanted wanted);
    rt::Co<vim::Result<vim::Ref>> CreateScreenshot(vim::call::CreateScreenshot call, std::string user);

    // How many keys were typed.
    rt::Co<vim::Result<std::int32_t>> PutUsbScanCodes(vim::call::PutUsbScanCodes call, std::string user);

    void RegisterResumers();

private:
    rt::Co<vim::Result<vim::Any>> RunScreenshot(vim::Ref vm, std::string user, task::Progress& progress);
    rt::Co<vim::Result<vim::Any>> ResumeScreenshot(task::Unfinished what, task::Progress& progress);

    Context& c_;
};

}  // namespace vm
