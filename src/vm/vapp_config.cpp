#include "vm/vapp_config.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "codec/soap.h"
#include "codec/xml.h"
#include "vim/xml_reader.h"
#include "vim/xml_writer.h"

namespace vm {
namespace {

using Operation = vim::ArrayUpdateOperation;

template <class T> void Take(const std::optional<T>& asked, std::optional<T>& field) {
    if (asked) field = asked;
}
void Merge(vim::VAppProductInfo& now, const vim::VAppProductInfo& asked) {
    Take(asked.class_id, now.class_id);
    Take(asked.instance_id, now.instance_id);
    Take(asked.name, now.name);
    Take(asked.vendor, now.vendor);
    Take(asked.version, now.version);
    Take(asked.full_version, now.full_version);
    Take(asked.vendor_url, now.vendor_url);
    Take(asked.product_url, now.product_url);
    Take(asked.app_url, now.app_url);
}
void Merge(vim::VAppPropertyInfo& now, const vim::VAppPropertyInfo& asked) {
    Take(asked.class_id, now.class_id);
    Take(asked.instance_id, now.instance_id);
    Take(asked.id, now.id);
    Take(asked.category, now.category);
    Take(asked.label, now.label);
    Take(asked.type_, now.type_);
    Take(asked.type_reference, now.type_reference);
    Take(asked.user_configurable, now.user_configurable);
    Take(asked.default_value, now.default_value);
    Take(asked.value, now.value);
    Take(asked.description, now.description);
}

// One list of things that have a key.
template <class Info, class SpecList>
vim::Result<> Update(std::vector<vim::Ptr<Info>>& list, const SpecList& changes, std::string_view what) {
    int index = -1;
    for (const auto& change : changes) {
        std::string place = base::Cat("configSpec.vAppConfig.", what, '[', ++index, ']');
        int key = 0;
        if (change->operation == Operation::kRemove) {
            auto* number = change->remove_key.template As<std::int32_t>();
            if (!number) return vim::Fault(vim::InvalidArgument(place), "what is to be removed is not said");
            key = *number;
        } else {
            if (!change->info)
                return vim::Fault(vim::InvalidArgument(place), "the " + std::string(what) + " is missing");
            key = change->info->key;
        }
        auto found = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one->key == key; });
        if (change->operation == Operation::kAdd) {
            if (found != list.end())
                return vim::Fault(vim::InvalidArgument(place),
                                  base::Cat("there is a ", what, " with key ", key, " already"));
            list.push_back(change->info);
            continue;
        }
        if (found == list.end())
            return vim::Fault(vim::InvalidArgument(place), base::Cat("there is no ", what, " with key ", key));
        if (change->operation == Operation::kRemove) {
            list.erase(found);
            continue;
        }
        Merge(found->Mut(), *change->info);              // an edit leaves what it does not name
    }
    return {};
}

}  // namespace

vim::Result<> ApplyVApp(const vim::VmConfigSpec& spec, Config& config) {
    vim::VmConfigInfo& v = config.v_app_config.Mut();
    CHECK(Update(v.product, spec.product, "product"));
    CHECK(Update(v.property, spec.property, "property"));
    for (const auto& one : v.property)
        if (one->id.value_or("").empty())
            return vim::Fault(vim::InvalidArgument("configSpec.vAppConfig.property"), "a property needs an id");
    if (!v.ip_assignment) v.ip_assignment = vim::VAppIPAssignmentInfo();
    if (spec.ip_assignment) v.ip_assignment = spec.ip_assignment;
    if (!spec.eula.empty()) v.eula = spec.eula;
    if (!spec.ovf_environment_transport.empty()) v.ovf_environment_transport = spec.ovf_environment_transport;
    if (spec.install_boot_required) v.install_boot_required = *spec.install_boot_required;
    if (spec.install_boot_stop_delay) v.install_boot_stop_delay = *spec.install_boot_stop_delay;
    codec::Vmx probe;
    WriteVApp(config, probe);
    if (probe.Get(kVAppKey).size() <= kMaxVAppBytes) return {};
    return vim::Fault(vim::InvalidArgument("configSpec.vAppConfig"),
                      base::Cat("properties and licences take more than ", kMaxVAppBytes >> 10, " KiB"));
}

void WriteVApp(const Config& config, codec::Vmx& vmx) {
    if (!config.v_app_config) {
        vmx.Remove(kVAppKey);
        return;
    }
    std::string text;
    vim::WriteObject(text, "vapp", vim::VmConfigInfo::kType, *config.v_app_config, vim::kNewest);
    vmx.Set(kVAppKey, text);
}

void ReadVApp(const codec::Vmx& vmx, Config& config) {
    const std::string* text = vmx.Find(kVAppKey);
    if (!text || text->size() > kMaxVAppBytes) return;
    std::string whole = base::Cat("<vm xmlns=\"urn:vim25\" xmlns:xsi=\"", codec::xml::kXsi, "\" xmlns:xsd=\"",
                                  codec::xml::kXsd, "\">", *text, "</vm>");
    auto document = codec::xml::Document::Parse(std::move(whole));
    if (!document) return;
    auto read = vim::ReadObject(document->root().First(), vim::VmConfigInfo::kType);
    if (read) config.v_app_config = read->Cast<vim::VmConfigInfo>();
}

std::string OvfEnvironment(const Config& config, const std::string& vm_id) {
    if (!config.v_app_config || config.v_app_config->ovf_environment_transport.empty()) return {};
    std::string out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<Environment\n"
        "     xmlns=\"http://schemas.dmtf.org/ovf/environment/1\"\n"
        "     xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
        "     xmlns:oe=\"http://schemas.dmtf.org/ovf/environment/1\"\n"
        "     xmlns:ve=\"http://www.vmware.com/schema/ovfenv\"\n"
        "     oe:id=\"\"\n     ve:vCenterId=\"";
    codec::xml::Escape(out, "vm-" + vm_id);
    out +=
        "\">\n"
        "   <PlatformSection>\n      <Kind>Bedplate</Kind>\n      <Version>1</Version>\n"
        "      <Vendor>Bedplate</Vendor>\n      <Locale>en</Locale>\n   </PlatformSection>\n"
        "   <PropertySection>\n";
    for (const auto& p : config.v_app_config->property) {
        std::string key = p->class_id.value_or("");
        if (!key.empty()) key += '.';
        key += p->id.value_or("");
        if (!p->instance_id.value_or("").empty()) key += "." + *p->instance_id;
        out += "         <Property oe:key=\"";
        codec::xml::Escape(out, key);
        out += "\" oe:value=\"";
        codec::xml::Escape(out, p->value.value_or(p->default_value.value_or("")));
        out += "\"/>\n";
    }
    return out + "   </PropertySection>\n</Environment>\n";
}

}  // namespace vm
