// OvfManager: what an OVF package is as a virtual machine, and the other way. Nothing is made
// or changed here.
#pragma once

#include "codec/ovf.h"
#include "vim/gen/calls_ovf.h"
#include "vim/gen/ovf.h"
#include "vm/context.h"
#include "vm/disk_stream.h"

namespace vm {

class Ovf {
public:
    explicit Ovf(Context& context) : c_(context) {}
    // What travelled when a device of a VM ("VirtualLsiLogicController0:0") was last exported, if
    // that is not long ago: some clients know a file's size less well than we.
    std::function<std::optional<Moved>(const vim::Ref& vm, std::string_view place)> exported;

    rt::Co<vim::Result<vim::Ptr<vim::OvfParseDescriptorResult>>> Parse(vim::call::ParseDescriptor call);
    rt::Co<vim::Result<vim::Ptr<vim::OvfValidateHostResult>>> Validate(vim::call::ValidateHost call);
    rt::Co<vim::Result<vim::Ptr<vim::OvfCreateImportSpecResult>>> ImportSpec(vim::call::CreateImportSpec call);
    // The document that the guest of a running machine has been given.
    vim::Result<std::string> Environment(const vim::Ref& vm) const;
    vim::Result<vim::Ptr<vim::OvfCreateDescriptorResult>> Describe(const vim::call::CreateDescriptor& call);

private:
    rt::Co<vim::Result<codec::ovf::Envelope>> Read(std::string descriptor);
    vim::Ptr<vim::OvfCreateImportSpecResult> MakeSpec(const codec::ovf::Envelope& envelope,
                                                      const vim::call::CreateImportSpec& call);
    Context& c_;
};

// What was found wrong or odd about a package.
struct OvfFindings {
    std::vector<vim::Ptr<vim::LocalizedMethodFault>> errors, warnings;
    void Error(vim::Fault fault) { errors.push_back(fault.AsData()); }
    void Warn(vim::Fault fault) { warnings.push_back(fault.AsData()); }
    void Tell(bool error, vim::Fault fault) { error ? Error(std::move(fault)) : Warn(std::move(fault)); }
};

// The deployment option that is asked for, or the package's own; an error when there is no such.
std::string ChosenOption(const codec::ovf::Envelope& envelope, const std::string& asked, OvfFindings& findings);
// The hardware section that this host takes, and its version; null when there is none.
const codec::ovf::Hardware* ChosenHardware(const codec::ovf::System& system, std::string& version,
                                           OvfFindings& findings);
// The items for a deployment option, bounds and unchosen ones left out.
std::vector<codec::ovf::Item> ItemsFor(const codec::ovf::Hardware& hardware, const std::string& option);
vim::VAppProductInfo ProductInfo(const codec::ovf::Product& product);
std::string ValueFor(const codec::ovf::Property& property, const std::string& option);
// Sections that are not understood: errors when they are required.
void TellUnknown(const std::vector<codec::ovf::Unknown>& unknown, OvfFindings& findings);

// The devices of a machine, and which file goes where.
struct OvfMachine {
    Spec spec;
    std::vector<vim::Ptr<vim::OvfFileItem>> files;
};
struct OvfChoices {
    std::string name, option, provisioning;
    std::vector<std::pair<std::string, std::string>> networks;   // of the package -> name here
    std::string any_network;                                     // for one that is not mapped
    std::vector<std::string> host_networks;
    std::function<std::optional<std::string>(const std::string& key)> property;
};
void AddHardware(const codec::ovf::Envelope& envelope, const codec::ovf::Hardware& hardware, const OvfChoices& choices,
                 OvfMachine& machine, OvfFindings& findings);
// vmw:Config and vmw:ExtraConfig of the section.
void AddSettings(const codec::ovf::Hardware& hardware, OvfMachine& machine, OvfFindings& findings);
std::string GuestIdOf(const codec::ovf::System& system);
int CimOsOf(std::string_view guest_id);

}  // namespace vm
