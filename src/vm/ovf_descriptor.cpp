// OvfManager.CreateDescriptor: a virtual machine as an OVF descriptor.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "vm/guest_os.h"
#include "vm/lease.h"
#include "vm/ovf.h"
#include "vm/vapp_config.h"

namespace vm {

namespace ovf = codec::ovf;

namespace {

class Describer {
public:
    using Exported = std::function<std::optional<Moved>(std::string_view place)>;
    Describer(const Vm& vm, const vim::OvfCreateDescriptorParams& params, Exported exported)
        : vm_(vm), c_(*vm.config), params_(params), exported_(std::move(exported)) {}
    vim::OvfCreateDescriptorResult Describe();

private:
    void References();
    void Size();
    void Controllers();
    void Devices();
    void Drive(const vim::VirtualDevice& d);
    void Disk(const vim::VirtualDisk& d);
    void Card(const vim::VirtualEthernetCard& d);
    void Settings();
    void VApp();
    const ovf::File* FileOf(const vim::VirtualDevice& d) const;
    bool Option(std::string_view name) const {
        return std::any_of(params_.export_option.begin(), params_.export_option.end(),
                           [&](const std::string& o) { return base::EqualNoCase(o, name); });
    }
    ovf::Item Next(int type, std::string name, std::string description) {
        ovf::Item item;
        item.type = type;
        item.instance = base::Cat(++instances_);
        item.name = std::move(name);
        item.description = std::move(description);
        return item;
    }
    static std::string Label(const vim::VirtualDevice& d, std::string_view otherwise) {
        return d.device_info ? d.device_info->label : std::string(otherwise);
    }
    void Hang(ovf::Item& item, const vim::VirtualDevice& d) {
        auto parent = d.controller_key ? instance_of_.find(*d.controller_key) : instance_of_.end();
        if (parent != instance_of_.end()) item.parent = parent->second;
        if (d.unit_number) item.address_on_parent = base::Cat(*d.unit_number);
    }
    void Put(ovf::Item item) { hardware_.items.push_back(std::move(item)); }

    const Vm& vm_;
    const Config& c_;
    const vim::OvfCreateDescriptorParams& params_;
    Exported exported_;
    ovf::Envelope e_;
    ovf::Hardware hardware_;
    OvfFindings findings_;
    std::map<int, std::string> instance_of_;             // controller key -> InstanceID
    std::map<std::string, std::size_t> file_of_;         // place of a device -> index of its file
    std::map<std::string, const vim::OvfFile*> given_;
    int instances_ = 0;
};

// "/7/VirtualLsiLogicController0:0" or another machine's name before it: the place counts.
void Describer::References() {
    int number = 0;
    for (const auto& given : params_.ovf_files) {
        ovf::File f;
        f.id = base::Cat("file", ++number);
        f.href = given->path;
        f.size = given->size;
        f.compression = given->compression_method.value_or("");
        f.chunk_size = given->chunk_size;
        std::string place = given->device_id.substr(given->device_id.rfind('/') + 1);
        if (auto moved = exported_(place)) f.size = moved->bytes;
        file_of_[place] = e_.files.size();
        given_[place] = given.get();
        if (!ovf::IsPackageHref(f.href)) {
            vim::OvfInvalidValue fault;
            fault.element_name = "File";
            fault.attribute_name = "href";
            fault.value = f.href;
            findings_.Error(
                vim::Fault(std::move(fault), base::Cat("\"", f.href, "\" is no name for a file of a package")));
        }
        e_.files.push_back(std::move(f));
    }
}

const ovf::File* Describer::FileOf(const vim::VirtualDevice& d) const {
    auto found = file_of_.find(PlaceWord(c_.hardware->device, d));
    return found == file_of_.end() ? nullptr : &e_.files[found->second];
}

void Describer::Size() {
    const vim::VirtualHardware& h = *c_.hardware;
    ovf::Item cpu = Next(ovf::kProcessor, base::Cat(h.num_cpu, " virtual CPU(s)"), "Number of Virtual CPUs");
    cpu.units = "hertz * 10^6";
    cpu.quantity = h.num_cpu;
    if (int cores = h.num_cores_per_socket.value_or(1); cores > 1) cpu.cores_per_socket = cores;
    Put(std::move(cpu));
    ovf::Item memory = Next(ovf::kMemory, base::Cat(h.memory_mb, "MB of memory"), "Memory Size");
    memory.units = "byte * 2^20";
    memory.quantity = h.memory_mb;
    Put(std::move(memory));
}

void Describer::Controllers() {
    std::set<int> used;                                  // IDE buses that nothing hangs on are left out
    for (const auto& d : c_.hardware->device)
        if (d->controller_key) used.insert(*d->controller_key);
    for (const auto& d : c_.hardware->device) {
        auto* controller = d.As<vim::VirtualController>();
        if (!controller) continue;
        std::string_view type = d->type().name;
        std::string_view scsi = ScsiWord(*d);
        ovf::Item item;
        if (!scsi.empty()) {
            item = Next(ovf::kScsi, Label(*d, "SCSI controller"), "SCSI Controller");
            item.subtype = scsi == "pvscsi" ? "VirtualSCSI" : scsi == "lsisas1068" ? "lsilogicsas" : std::string(scsi);
        } else if (d->type().IsA(vim::VirtualIDEController::kType) && used.contains(d->key)) {
            item = Next(ovf::kIde, base::Cat("VirtualIDEController ", controller->bus_number), "IDE Controller");
        } else if (d->type().IsA(vim::VirtualSATAController::kType)) {
            item = Next(ovf::kOtherStorage, Label(*d, "SATA controller"), "SATA Controller");
            item.subtype = "vmware.sata.ahci";
        } else if (type == "VirtualNVMEController") {
            item = Next(ovf::kOtherStorage, Label(*d, "NVME controller"), "NVME Controller");
            item.subtype = "vmware.nvme.controller";
        } else if (type == "VirtualUSBController" || type == "VirtualUSBXHCIController") {
            item = Next(ovf::kUsb, Label(*d, "USB controller"), "USB Controller");
            item.subtype = type == "VirtualUSBController" ? "vmware.usb.ehci" : "vmware.usb.xhci";
            item.required = false;
        } else {
            continue;
        }
        if (item.type != ovf::kUsb) item.address = base::Cat(controller->bus_number);
        instance_of_[d->key] = item.instance;
        Put(std::move(item));
    }
}

void Describer::Disk(const vim::VirtualDisk& d) {
    std::string id = base::Cat("vmdisk", e_.disks.size() + 1);
    ovf::Disk disk;
    disk.id = id;
    disk.capacity = base::Cat(d.capacity_in_kb * 1024);
    std::string place = PlaceWord(c_.hardware->device, d);
    if (const ovf::File* file = FileOf(d)) {
        disk.file = file->id;
        disk.format = ovf::kStreamOptimized;
        disk.populated = given_[place]->populated_size;
        if (auto moved = exported_(place); moved && !disk.populated) disk.populated = moved->populated;
    }
    e_.disks.push_back(std::move(disk));
    ovf::Item item = Next(ovf::kDisk, Label(d, "Hard disk"), "");
    item.resources = {"ovf:/disk/" + id};
    Hang(item, d);
    Put(std::move(item));
}

void Describer::Drive(const vim::VirtualDevice& d) {
    ovf::Item item = Next(ovf::kCdrom, Label(d, "CD/DVD drive"), "");
    item.automatic = false;
    item.required = false;
    item.subtype = "vmware.cdrom.remotepassthrough";
    if (const ovf::File* file = FileOf(d)) {
        item.subtype = "vmware.cdrom.iso";
        item.resources = {"ovf:/file/" + file->id};
        item.automatic = !d.connectable || d.connectable->start_connected;
    }
    Hang(item, d);
    Put(std::move(item));
}

void Describer::Card(const vim::VirtualEthernetCard& d) {
    std::string_view word = NicWord(d);
    ovf::Item item = Next(ovf::kEthernet, Label(d, "Network adapter"), "");
    item.subtype = word == "vmxnet3"                   ? "VmxNet3"
                   : word == "e1000e"                  ? "E1000e"
                   : word == "vlance"                  ? "PCNet32"
                   : d.type().name == "VirtualVmxnet2" ? "VmxNet2"
                   : word == "vmxnet"                  ? "VmxNet"
                                                       : "E1000";
    auto* backing = d.backing.As<vim::VirtualEthernetCardNetworkBackingInfo>();
    std::string network = backing ? backing->device_name : "VM Network";
    item.description = item.subtype + " ethernet adapter on \"" + network + "\"";
    item.connections = {network};
    item.automatic = !d.connectable || d.connectable->start_connected;
    if (Option("mac") && d.mac_address) item.address = *d.mac_address;
    if (d.unit_number) item.address_on_parent = base::Cat(*d.unit_number);
    item.config.push_back({"wakeOnLanEnabled", d.wake_on_lan_enabled.value_or(true) ? "true" : "false", false});
    bool listed = std::any_of(e_.networks.begin(), e_.networks.end(), [&](const auto& n) { return n.name == network; });
    if (!listed) e_.networks.push_back({network, "The " + network + " network"});
    Put(std::move(item));
}

void Describer::Devices() {
    for (const auto& d : c_.hardware->device) {
        if (auto* disk = d.As<vim::VirtualDisk>()) Disk(*disk);
        else if (d->type().IsA(vim::VirtualCdrom::kType)) Drive(*d);
        else if (auto* card = d.As<vim::VirtualEthernetCard>()) Card(*card);
        else if (d->type().IsA(vim::VirtualFloppy::kType)) {
            ovf::Item item = Next(ovf::kFloppy, Label(*d, "Floppy drive"), "Floppy Drive");
            item.automatic = item.required = false;
            item.subtype = "vmware.floppy.remotedevice";
            Put(std::move(item));
        } else if (d->type().IsA(vim::VirtualMachineVideoCard::kType)) {
            ovf::Item item = Next(ovf::kVideo, "VirtualVideoCard", "");
            item.required = false;
            Put(std::move(item));
        } else if (d->type().IsA(vim::VirtualSerialPort::kType) || d->type().IsA(vim::VirtualParallelPort::kType)) {
            vim::OvfUnsupportedDeviceExport f;
            f.device = d;
            f.vm_path = c_.files->vm_path_name.value_or("");
            findings_.Warn(vim::Fault(std::move(f), Label(*d, "a port") + " is tied to this host and is left out"));
        }
    }
}

void Describer::Settings() {
    auto put = [&](std::string key, std::string value) {
        if (!value.empty()) hardware_.config.push_back({std::move(key), std::move(value), false});
    };
    auto flag = [&](std::string key, std::optional<bool> value) {
        if (value) put(std::move(key), *value ? "true" : "false");
    };
    flag("cpuHotAddEnabled", c_.cpu_hot_add_enabled);
    flag("memoryHotAddEnabled", c_.memory_hot_add_enabled);
    flag("nestedHVEnabled", c_.nested_hv_enabled);
    put("firmware", c_.firmware.value_or("bios"));
    if (c_.flags) flag("flags.diskUuidEnabled", c_.flags->disk_uuid_enabled);
    if (c_.boot_options && c_.boot_options->boot_delay)
        put("bootOptions.bootDelay", base::Cat(*c_.boot_options->boot_delay));
    if (c_.tools) flag("tools.syncTimeWithHost", c_.tools->sync_time_with_host);
    if (c_.default_power_ops) {
        put("powerOpInfo.powerOffType", c_.default_power_ops->power_off_type.value_or(""));
        put("powerOpInfo.suspendType", c_.default_power_ops->suspend_type.value_or(""));
        put("powerOpInfo.resetType", c_.default_power_ops->reset_type.value_or(""));
    }
    if (!Option("extraconfig")) return;
    for (const auto& option : c_.extra_config)
        if (auto* text = option->value.As<std::string>(); text && !base::Lower(option->key).starts_with("bedplate."))
            hardware_.extra.push_back({option->key, *text, false});
}

void Describer::VApp() {
    if (!c_.v_app_config) return;
    const vim::VmConfigInfo& v = *c_.v_app_config;
    hardware_.transport = v.ovf_environment_transport;
    e_.system.eulas = v.eula;
    e_.system.install_boot = v.install_boot_required;
    e_.system.install_delay = v.install_boot_stop_delay;
    for (const auto& p : v.product) {
        ovf::Product product;
        product.class_id = p->class_id.value_or("");
        product.instance = p->instance_id.value_or("");
        product.name = p->name.value_or("");
        product.vendor = p->vendor.value_or("");
        product.version = p->version.value_or("");
        product.full_version = p->full_version.value_or("");
        product.url = p->product_url.value_or("");
        product.vendor_url = p->vendor_url.value_or("");
        product.app_url = p->app_url.value_or("");
        for (const auto& one : v.property) {
            if (one->class_id.value_or("") != product.class_id || one->instance_id.value_or("") != product.instance)
                continue;
            ovf::Property property;
            property.key = one->id.value_or("");
            property.password = one->type_ == "password";
            property.type = property.password ? "string" : one->type_.value_or("string");
            property.user_configurable = one->user_configurable.value_or(false);
            property.label = one->label.value_or("");
            property.description = one->description.value_or("");
            property.category = one->category.value_or("");
            // What was typed here goes along, but no password.
            property.value = property.password ? std::string() : one->value.value_or(one->default_value.value_or(""));
            product.properties.push_back(std::move(property));
        }
        e_.system.products.push_back(std::move(product));
    }
}

vim::OvfCreateDescriptorResult Describer::Describe() {
    References();
    Size();
    Controllers();
    Devices();
    Settings();
    VApp();
    ovf::System& s = e_.system;
    s.id = s.name = params_.name && !params_.name->empty() ? *params_.name : vm_.name;
    s.os = CimOsOf(c_.guest_id);
    s.os_type = c_.guest_id;
    s.os_description = GuestFullName(c_.guest_id, c_.alternate_guest_name);
    s.annotation =
        params_.description && !params_.description->empty() ? *params_.description : c_.annotation.value_or("");
    hardware_.families = {c_.version};
    if (auto nvram = file_of_.find("nvram"); nvram != file_of_.end())
        hardware_.extra.push_back({"nvram", "ovf:/file/" + e_.files[nvram->second].id, false});
    s.hardware.push_back(std::move(hardware_));
    vim::OvfCreateDescriptorResult r;
    r.ovf_descriptor = ovf::Write(e_);
    r.error = std::move(findings_.errors);
    r.warning = std::move(findings_.warnings);
    r.include_image_files = params_.include_image_files.value_or(false);
    return r;
}

}  // namespace

vim::Result<std::string> Ovf::Environment(const vim::Ref& ref) const {
    TRY(vm, c_.Usable(ref));
    CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, vm->runtime->power_state));
    std::string text = OvfEnvironment(*vm->config, ref.id);
    if (text.empty()) return vim::Fault(vim::InvalidState(), vm->name + " has no OVF properties for its guest");
    return text;
}

vim::Result<vim::Ptr<vim::OvfCreateDescriptorResult>> Ovf::Describe(const vim::call::CreateDescriptor& call) {
    if (!call.obj.type->IsA(vim::VirtualMachine::kType))
        return vim::Fault(vim::NotSupported(), "descriptors are made of virtual machines");
    TRY(vm, c_.Usable(call.obj));
    static const vim::OvfCreateDescriptorParams kNone;
    const vim::OvfCreateDescriptorParams& params = call.cdp ? *call.cdp : kNone;
    auto of_vm = [&](std::string_view place) { return exported ? exported(call.obj, place) : std::nullopt; };
    Vm shown = *vm;
    if (params.snapshot) {
        auto now = c_.inventory.Now();
        auto* snapshot = now->Get<vim::VirtualMachineSnapshot>(params.snapshot);
        if (!snapshot || snapshot->vm != call.obj || !snapshot->config)
            return vim::Fault(vim::InvalidArgument("cdp.snapshot"),
                              base::Cat(vm->name, " has no snapshot ", params.snapshot.id));
        shown.config = snapshot->config;
    }
    return vim::Ptr<vim::OvfCreateDescriptorResult>(Describer(shown, params, of_vm).Describe());
}

}  // namespace vm
