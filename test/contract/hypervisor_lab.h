// What the contract suite needs of a backend besides the interface: a way to make one
// again as after a restart, a VM that it can run, and ways to break things from outside.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/hypervisor.h"
#include "rt/signal.h"

namespace contract {

class Lab {
public:
    virtual ~Lab() = default;
    virtual std::unique_ptr<backend::Hypervisor> Make() = 0;    // each time a new hostd on the same machine
    virtual backend::VmSpec Spec(const std::string& id) = 0;
    std::string Overlay(backend::DiskSpec& disk);               // lays a new empty one over it; its path
    virtual void BreakNextStart(backend::VmSpec& spec) = 0;
    virtual void Kill(const std::string& id) = 0;               // as an outsider does
    virtual rt::Co<bool> Booted(std::string id) = 0;            // its guest can take requests
    virtual int Boots(const std::string& id) = 0;               // how often its guest began anew; -1: cannot tell
    virtual std::vector<std::string> LeftBehind() = 0;
    virtual std::string Folder() = 0;
    virtual bool GuestLetsGo() = 0;                             // its guest knows of slots that empty

    // Events of the current machine, in order.
    void Listen(backend::Hypervisor& machine);
    rt::Co<bool> Saw(std::string vm,
                     backend::EventKind kind);  // waits for one not yet taken, and takes it and those before
    std::vector<backend::Event> events;
    std::string last_detail;                                    // of the event that Saw() took

private:
    rt::Signal happened_;
};

std::unique_ptr<Lab> MakeSimLab();
std::unique_ptr<Lab> MakeQemuLab();

}  // namespace contract
