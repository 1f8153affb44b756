// OvfManager.CreateImportSpec: the virtual machine that a package becomes here.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "vim/gen/entity.h"
#include "vim/gen/host_network.h"
#include "vm/ovf.h"

namespace vm {

namespace ovf = codec::ovf;

namespace {

constexpr std::string_view kProvisioning = "thin,thick,eagerZeroedThick";

// "" or a word for what a disk is here.
std::string ChosenProvisioning(const std::string& asked, OvfFindings& findings) {
    static const std::map<std::string, std::string> kWords{
        {"", "thick"},      {"thin", "thin"},  {"sparse", "thin"},
        {"thick", "thick"}, {"flat", "thick"}, {"eagerzeroedthick", "eagerZeroedThick"}};
    auto found = kWords.find(base::Lower(asked));
    if (found != kWords.end()) return found->second;
    vim::OvfUnsupportedDiskProvisioning f;
    f.disk_provisioning = asked;
    f.supported_disk_provisioning = kProvisioning;
    findings.Error(
        vim::Fault(std::move(f), base::Cat("disks cannot be made \"", asked, "\"; possible are ", kProvisioning)));
    return "thick";
}

std::string FullKey(const ovf::Product& p, const ovf::Property& property) {
    std::string key = p.class_id.empty() ? property.key : p.class_id + "." + property.key;
    return p.instance.empty() ? key : key + "." + p.instance;
}

// A value that its type cannot be is an error; whether an empty one will do the guest says.
bool Fits(const std::string& type, const std::string& value) {
    if (value.empty()) return true;
    if (type == "boolean") return base::EqualNoCase(value, "true") || base::EqualNoCase(value, "false");
    bool integer = type == "int" || type.starts_with("uint") || type.starts_with("sint") || type.starts_with("int(");
    if (integer) return bool(base::ToInt(value));
    return true;
}

class Properties {
public:
    Properties(const ovf::System& s, const vim::OvfCreateImportSpecParams& params, const std::string& option)
        : system_(s), option_(option) {
        for (const auto& one : params.property_mapping) given_[one->key] = one->value;
    }
    // Of the key as the package or a client writes it.
    std::optional<std::string> Find(const std::string& key) const {
        for (const ovf::Product& p : system_.products)
            for (const ovf::Property& one : p.properties)
                if (one.key == key || FullKey(p, one) == key) return Value(p, one);
        return std::nullopt;
    }
    void Add(vim::VmConfigSpec& config, OvfFindings& findings) {
        int product_key = 0, property_key = 0;
        for (const ovf::Product& p : system_.products) {
            vim::VAppProductSpec product;
            product.operation = vim::ArrayUpdateOperation::kAdd;
            vim::VAppProductInfo info = ProductInfo(p);
            info.key = product_key++;
            product.info = std::move(info);
            config.product.push_back(std::move(product));
            for (const ovf::Property& one : p.properties) AddOne(config, p, one, property_key++, findings);
        }
        for (const auto& [key, value] : given_)
            if (!used_.contains(key)) {
                vim::OvfPropertyValue f;
                f.type_ = "string";
                f.value = key;
                findings.Warn(vim::Fault(std::move(f), base::Cat("the package has no property \"", key, "\"")));
            }
    }

private:
    std::string Value(const ovf::Product& p, const ovf::Property& one) const {
        for (const std::string& key : {FullKey(p, one), one.key})
            if (auto given = given_.find(key); given != given_.end()) return given->second;
        return ValueFor(one, option_);
    }
    void AddOne(vim::VmConfigSpec& config, const ovf::Product& p, const ovf::Property& one, int key,
                OvfFindings& findings) {
        std::string own = ValueFor(one, option_), value = own;
        for (const std::string& name : {one.key, FullKey(p, one)}) {
            auto given = given_.find(name);
            if (given == given_.end()) continue;
            used_.insert(name);
            value = given->second;
        }
        vim::VAppPropertySpec spec;
        spec.operation = vim::ArrayUpdateOperation::kAdd;
        vim::VAppPropertyInfo info;
        info.key = key;
        info.class_id = p.class_id;
        info.instance_id = p.instance;
        info.id = one.key;
        info.category = one.category;
        info.label = one.label;
        info.type_ = one.password ? "password" : one.type.empty() ? "string" : one.type;
        info.user_configurable = one.user_configurable;
        info.default_value = own;
        info.description = one.description;
        if (!Fits(one.type, value)) {
            vim::OvfPropertyValue f;
            f.type_ = one.type;
            f.value = value;
            findings.Error(
                vim::Fault(std::move(f), base::Cat("property \"", one.key, "\": \"", value, "\" is no ", one.type)));
        }
        if (value != own) info.value = value;
        spec.info = std::move(info);
        config.property.push_back(std::move(spec));
    }
    const ovf::System& system_;
    const std::string& option_;
    std::map<std::string, std::string> given_;
    std::set<std::string> used_;
};

vim::Ptr<vim::VmConfigSpec> VAppOf(const ovf::System& s, const ovf::Hardware& h,
                                   const vim::OvfCreateImportSpecParams& params, Properties& properties,
                                   OvfFindings& findings) {
    vim::VmConfigSpec v;
    properties.Add(v, findings);
    v.eula = s.eulas;
    v.ovf_environment_transport = h.transport;
    v.install_boot_required = s.install_boot;
    v.install_boot_stop_delay = s.install_delay;
    if (params.ip_allocation_policy || params.ip_protocol) {
        vim::VAppIPAssignmentInfo ip;
        ip.ip_allocation_policy = params.ip_allocation_policy;
        ip.ip_protocol = params.ip_protocol;
        v.ip_assignment = std::move(ip);
    }
    bool empty = v.product.empty() && v.eula.empty() && v.ovf_environment_transport.empty() && !s.install_boot;
    return empty ? vim::Ptr<vim::VmConfigSpec>() : vim::Ptr<vim::VmConfigSpec>(std::move(v));
}

}  // namespace

vim::Ptr<vim::OvfCreateImportSpecResult> Ovf::MakeSpec(const ovf::Envelope& e,
                                                       const vim::call::CreateImportSpec& call) {
    static const vim::OvfCreateImportSpecParams kNone;
    const vim::OvfCreateImportSpecParams& params = call.cisp ? *call.cisp : kNone;
    vim::OvfCreateImportSpecResult r;
    OvfFindings findings;
    OvfMachine machine;
    auto finish = [&] {
        r.error = std::move(findings.errors);
        r.warning = std::move(findings.warnings);
        if (!r.error.empty()) {
            r.import_spec = nullptr;
            r.file_item.clear();
        }
        return vim::Ptr<vim::OvfCreateImportSpecResult>(std::move(r));
    };
    const ovf::System& s = e.system;
    if (s.collection) {
        vim::OvfUnsupportedElement f;
        f.name = "VirtualSystemCollection";
        findings.Error(vim::Fault(std::move(f),
                                  "the package is a vApp of several machines; a host without a central "
                                  "server takes packages of one"));
        return finish();
    }
    OvfChoices choices;
    choices.option = ChosenOption(e, params.deployment_option, findings);
    choices.name = !params.entity_name.empty() ? params.entity_name : s.name.empty() ? s.id : s.name;
    choices.provisioning = ChosenProvisioning(params.disk_provisioning.value_or(""), findings);
    auto now = c_.inventory.Now();
    now->ForEach([&](const vim::ManagedObject& object) {
        if (auto* network = dynamic_cast<const vim::Network*>(&object)) choices.host_networks.push_back(network->name);
    });
    if (!choices.host_networks.empty()) choices.any_network = choices.host_networks.front();
    for (const auto& mapped : params.network_mapping) {
        auto* network = now->Get<vim::Network>(mapped->network);
        if (!network)
            findings.Error(
                vim::Fault(vim::ManagedObjectNotFound(mapped->network),
                           base::Cat("there is no network ", mapped->network.id, " for \"", mapped->name, "\"")));
        else choices.networks.emplace_back(mapped->name, network->name);
    }
    Properties properties(s, params, choices.option);
    choices.property = [&](const std::string& key) { return properties.Find(key); };
    std::string version;
    const ovf::Hardware* hardware = ChosenHardware(s, version, findings);
    TellUnknown(e.unknown, findings);
    TellUnknown(s.unknown, findings);
    if (!hardware) return finish();
    Spec& spec = machine.spec;
    spec.name = choices.name;
    if (!version.empty()) spec.version = version;
    spec.guest_id = GuestIdOf(s);
    if (!s.annotation.empty()) spec.annotation = s.annotation;
    vim::VirtualMachineFileInfo files;
    VolumeList volumes = c_.volumes.Now();
    const Volume* volume = FindVolume(volumes, call.datastore);
    if (volume) files.vm_path_name = base::Cat('[', volume->name, ']');
    spec.files = std::move(files);
    AddHardware(e, *hardware, choices, machine, findings);
    AddSettings(*hardware, machine, findings);
    for (const ovf::Setting& extra : hardware->extra) {
        std::string_view value = extra.value;
        const ovf::File* file =
            extra.key == "nvram" && value.starts_with("ovf:/file/") ? e.FindFile(value.substr(10)) : nullptr;
        if (!file) continue;
        vim::OvfFileItem item;
        item.device_id = base::Cat('/', choices.name, "/nvram");
        item.path = file->href;
        item.size = file->size;
        item.create = true;
        machine.files.push_back(std::move(item));
    }
    spec.v_app_config = VAppOf(s, *hardware, params, properties, findings);
    if (findings.errors.empty()) {                       // would it be taken?
        DatastorePath vmx{volume ? volume->name : std::string(), "x/x.vmx"};
        Situation situation;
        situation.vmx_path = vmx;
        situation.volumes = volumes;
        situation.limits = c_.options.limits;
        situation.network_exists = [&](const vim::Ref& network) { return now->Peek(network) != nullptr; };
        if (auto empty = ReadConfig(NewVmx(), vmx, situation.volumes)) {
            Spec probe = spec;
            for (auto& change : probe.device_change)
                if (auto* iso = change->device->backing.As<vim::VirtualCdromIsoBackingInfo>();
                    iso && !iso->file_name.starts_with('['))
                    static_cast<vim::VirtualCdromIsoBackingInfo&>(change.Mut().device.Mut().backing.Mut())
                        .file_name.clear();
            if (auto applied = Apply(probe, *std::move(empty), situation); !applied)
                findings.Error(std::move(applied).error());
        }
    }
    vim::VirtualMachineImportSpec import;
    import.config_spec = std::move(spec);
    r.import_spec = std::move(import);
    r.file_item = std::move(machine.files);
    return finish();
}

rt::Co<vim::Result<vim::Ptr<vim::OvfCreateImportSpecResult>>> Ovf::ImportSpec(vim::call::CreateImportSpec call) {
    auto now = c_.inventory.Now();
    if (!now->Get<vim::ResourcePool>(call.resource_pool))
        co_return vim::Fault(vim::ManagedObjectNotFound(call.resource_pool),
                             "there is no resource pool " + call.resource_pool.id);
    VolumeList volumes = c_.volumes.Now();
    if (!FindVolume(volumes, call.datastore))
        co_return vim::Fault(vim::ManagedObjectNotFound(call.datastore), "there is no datastore " + call.datastore.id);
    auto read = co_await Read(call.ovf_descriptor);
    if (!read) {
        vim::OvfCreateImportSpecResult r;
        r.error.push_back(read.error().AsData());
        co_return vim::Ptr<vim::OvfCreateImportSpecResult>(std::move(r));
    }
    co_return MakeSpec(*read, call);
}

}  // namespace vm
