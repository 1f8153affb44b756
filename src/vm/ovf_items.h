// Items of a VirtualHardwareSection as devices: the private half of ovf_hardware*.cpp.
#pragma once

#include <map>

#include "base/text.h"
#include "vm/ovf.h"

namespace vm {

namespace ovf = codec::ovf;
using ovf::Item;

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words);

// Items of a VirtualHardwareSection, one after another, as devices of `machine`.
class OvfItems {
public:
    OvfItems(const ovf::Envelope& e, const OvfChoices& choices, OvfMachine& machine, OvfFindings& findings)
        : e_(e), choices_(choices), m_(machine), f_(findings) {}
    void Add(const std::vector<Item>& items);

private:
    struct Bus {
        int key = 0;
        int number = 0;
        int units = 0, reserved = -1;
        std::vector<bool> taken;
    };

    void AddProcessors(const Item& item);
    void AddMemory(const Item& item);
    bool AddController(const Item& item);
    void AddCard(const Item& item);
    void AddDisk(const Item& item);
    void AddDrive(const Item& item);
    void AddOther(const Item& item);
    void AddItem(const Item& item);
    void CheckSettings(const Item& item);
    std::optional<std::int64_t> CapacityOf(const ovf::Disk& disk);
    std::string NetworkFor(const Item& item);

    void UnsupportedType(const Item& item) {
        f_.Tell(item.required,
                vim::Fault(vim::OvfUnsupportedType(std::nullopt, item.name, item.instance, item.type),
                           base::Cat("this host has no device of type ", item.type, " for \"", item.name, "\" (item ",
                                     item.instance, ")", item.required ? "" : "; it is left out")));
    }
    void UnsupportedSubType(const Item& item) {
        f_.Tell(item.required,
                vim::Fault(
                    vim::OvfUnsupportedSubType(std::nullopt, "ResourceSubType", item.instance, item.type, item.subtype),
                    base::Cat("this host has no \"", item.subtype, "\" for \"", item.name, "\" (item ", item.instance,
                              ")", item.required ? "" : "; it is left out")));
    }
    void BadValue(const Item& item, std::string name, std::string value, std::string words) {
        vim::OvfElementInvalidValue fault;
        fault.name = std::move(name);
        fault.value = std::move(value);
        f_.Error(vim::Fault(std::move(fault), base::Cat("item ", item.instance, ": ", words)));
    }
    // A device that is added, with a key of the package's own.
    template <class D> int Put(D device, bool make_file = false) {
        device.key = next_key_--;
        int key = device.key;
        vim::VirtualDeviceConfigSpec spec;
        spec.operation = vim::VirtualDeviceConfigSpecOperation::kAdd;
        if (make_file) spec.file_operation = vim::VirtualDeviceConfigSpecFileOperation::kCreate;
        spec.device = vim::Ptr<vim::VirtualDevice>(std::move(device));
        m_.spec.device_change.push_back(std::move(spec));
        return key;
    }
    template <class D> void Connect(D& device, const Item& item) {
        vim::VirtualDeviceConnectInfo c;
        c.start_connected = item.automatic;
        c.connected = item.automatic;
        c.allow_guest_control = true;
        device.connectable = std::move(c);
    }
    template <class D> bool Hang(D& device, const Item& item);
    std::string FileId(const std::string& place) const { return base::Cat('/', choices_.name, '/', place); }
    std::string PlaceOf(int key) const;
    void WantFile(const ovf::File& file, int device_key, int cim, bool create, std::optional<std::int64_t> size);

    const ovf::Envelope& e_;
    const OvfChoices& choices_;
    OvfMachine& m_;
    OvfFindings& f_;
    std::map<std::string, Bus> buses_;                   // by InstanceID
    std::map<std::string, int> numbers_;                 // kind of controller -> how many
    int next_key_ = -100;
};

}  // namespace vm
