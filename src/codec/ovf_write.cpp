#include "base/text.h"
#include "codec/ovf.h"
#include "codec/xml.h"

namespace codec::ovf {
namespace {

constexpr std::string_view kHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" "
    "xmlns:cim=\"http://schemas.dmtf.org/wbem/wscim/1/common\""
    " xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\""
    " xmlns:rasd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData\""
    " xmlns:vmw=\"http://www.vmware.com/schema/ovf\""
    " xmlns:vssd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData\""
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";

class Writer {
public:
    std::string Write(const Envelope& e);

private:
    struct Attribute {
        std::string_view name;
        std::string value;
    };
    // Attributes that are empty are left out.
    void Tag(std::string_view name, const std::vector<Attribute>& attributes, bool closed) {
        out_ += std::string(depth_ * 2, ' ') + "<" + std::string(name);
        for (const Attribute& a : attributes) {
            if (a.value.empty()) continue;
            out_ += base::Cat(' ', a.name, "=\"");
            xml::Escape(out_, a.value);
            out_ += '"';
        }
        out_ += closed ? "/>\n" : ">\n";
        if (!closed) ++depth_;
    }
    void Open(std::string_view name, const std::vector<Attribute>& attributes = {}) { Tag(name, attributes, false); }
    void Empty(std::string_view name, const std::vector<Attribute>& attributes) { Tag(name, attributes, true); }
    void Close(std::string_view name) { out_ += base::Cat(std::string(--depth_ * 2, ' '), "</", name, ">\n"); }
    void Leaf(std::string_view name, std::string_view text) {
        out_ += base::Cat(std::string(depth_ * 2, ' '), '<', name, '>');
        xml::Escape(out_, text);
        out_ += base::Cat("</", name, ">\n");
    }
    void Maybe(std::string_view name, std::string_view text) {
        if (!text.empty()) Leaf(name, text);
    }
    void Maybe(std::string_view name, const std::optional<std::int64_t>& number) {
        if (number) Leaf(name, base::Cat(*number));
    }
    void Settings(std::string_view name, const std::vector<Setting>& settings) {
        for (const Setting& s : settings)
            Empty(name, {{"ovf:required", s.required ? "true" : "false"}, {"vmw:key", s.key}, {"vmw:value", s.value}});
    }
    void Rasd(const Item& item);
    void Products(const System& s);
    void Sections(const System& s);

    std::string out_;
    std::size_t depth_ = 1;
};

// In the order of the alphabet, as the schema of CIM wants them.
void Writer::Rasd(const Item& item) {
    Open("Item", {{"ovf:required", item.required ? "" : "false"},
                  {"ovf:configuration", item.configuration},
                  {"ovf:bound", item.bound}});
    Maybe("rasd:Address", item.address);
    Maybe("rasd:AddressOnParent", item.address_on_parent);
    Maybe("rasd:AllocationUnits", item.units);
    if (item.type == kEthernet || item.type == kCdrom || item.type == kDvd || item.type == kFloppy || !item.automatic)
        Leaf("rasd:AutomaticAllocation", item.automatic ? "true" : "false");
    for (const std::string& c : item.connections) Leaf("rasd:Connection", c);
    Maybe("rasd:Description", item.description);
    Leaf("rasd:ElementName", item.name);
    for (const std::string& r : item.resources) Leaf("rasd:HostResource", r);
    Leaf("rasd:InstanceID", item.instance);
    Maybe("rasd:Limit", item.limit);
    Maybe("rasd:Parent", item.parent);
    Maybe("rasd:Reservation", item.reservation);
    Maybe("rasd:ResourceSubType", item.subtype);
    Leaf("rasd:ResourceType", base::Cat(item.type));
    Maybe("rasd:VirtualQuantity", item.quantity);
    Maybe("rasd:Weight", item.weight);
    if (item.cores_per_socket) {
        out_ += base::Cat(std::string(depth_ * 2, ' '), "<vmw:CoresPerSocket ovf:required=\"false\">",
                          *item.cores_per_socket, "</vmw:CoresPerSocket>\n");
    }
    Settings("vmw:Config", item.config);
    Close("Item");
}

void Writer::Products(const System& s) {
    for (const Product& p : s.products) {
        Open("ProductSection", {{"ovf:class", p.class_id}, {"ovf:instance", p.instance}});
        Leaf("Info", "Information about the installed software");
        Maybe("Product", p.name);
        Maybe("Vendor", p.vendor);
        Maybe("Version", p.version);
        Maybe("FullVersion", p.full_version);
        Maybe("ProductUrl", p.url);
        Maybe("VendorUrl", p.vendor_url);
        Maybe("AppUrl", p.app_url);
        std::string category;
        for (const Property& one : p.properties) {
            if (one.category != category) Leaf("Category", category = one.category);
            Open("Property", {{"ovf:key", one.key},
                              {"ovf:type", one.type},
                              {"ovf:qualifiers", one.qualifiers},
                              {"ovf:userConfigurable", one.user_configurable ? "true" : "false"},
                              {"ovf:password", one.password ? "true" : ""},
                              {"ovf:value", one.value}});
            Maybe("Label", one.label);
            Maybe("Description", one.description);
            for (const auto& [option, value] : one.values)
                Empty("Value", {{"ovf:value", value}, {"ovf:configuration", option}});
            Close("Property");
        }
        Close("ProductSection");
    }
}

void Writer::Sections(const System& s) {
    if (s.os || !s.os_type.empty()) {
        Open("OperatingSystemSection", {{"ovf:id", base::Cat(s.os)}, {"vmw:osType", s.os_type}});
        Leaf("Info", "The kind of installed guest operating system");
        Maybe("Description", s.os_description);
        Close("OperatingSystemSection");
    }
    for (const Hardware& h : s.hardware) {
        std::string transport;
        for (const std::string& t : h.transport) transport += (transport.empty() ? "" : " ") + t;
        Open("VirtualHardwareSection", {{"ovf:transport", transport}});
        Leaf("Info", "Virtual hardware requirements");
        std::string families;
        for (const std::string& f : h.families) families += (families.empty() ? "" : " ") + f;
        Open("System");
        Leaf("vssd:ElementName", "Virtual Hardware Family");
        Leaf("vssd:InstanceID", "0");
        Leaf("vssd:VirtualSystemIdentifier", s.name.empty() ? s.id : s.name);
        Leaf("vssd:VirtualSystemType", families);
        Close("System");
        for (const Item& item : h.items) Rasd(item);
        Settings("vmw:Config", h.config);
        Settings("vmw:ExtraConfig", h.extra);
        Close("VirtualHardwareSection");
    }
    if (!s.annotation.empty()) {
        Open("AnnotationSection", {{"ovf:required", "false"}});
        Leaf("Info", "A human-readable annotation");
        Leaf("Annotation", s.annotation);
        Close("AnnotationSection");
    }
    for (const std::string& eula : s.eulas) {
        Open("EulaSection");
        Leaf("Info", "An end-user license agreement");
        Leaf("License", eula);
        Close("EulaSection");
    }
    Products(s);
    if (s.install_boot) {
        Open("InstallSection",
             {{"ovf:initialBootStopDelay", s.install_delay ? base::Cat(s.install_delay) : std::string()}});
        Leaf("Info", "The virtual machine boots once to install itself");
        Close("InstallSection");
    }
}

std::string Writer::Write(const Envelope& e) {
    out_ = kHead;
    Open("References");
    for (const File& f : e.files)
        Empty("File", {{"ovf:href", f.href},
                       {"ovf:id", f.id},
                       {"ovf:size", f.size ? base::Cat(*f.size) : std::string()},
                       {"ovf:compression", f.compression},
                       {"ovf:chunkSize", f.chunk_size ? base::Cat(*f.chunk_size) : std::string()}});
    Close("References");
    if (!e.disks.empty()) {
        Open("DiskSection");
        Leaf("Info", "Virtual disk information");
        for (const Disk& d : e.disks)
            Empty("Disk", {{"ovf:capacity", d.capacity},
                           {"ovf:capacityAllocationUnits", d.unit == 1 ? "byte" : base::Cat("byte * ", d.unit)},
                           {"ovf:diskId", d.id},
                           {"ovf:fileRef", d.file},
                           {"ovf:parentRef", d.parent},
                           {"ovf:format", d.format},
                           {"ovf:populatedSize", d.populated ? base::Cat(*d.populated) : std::string()}});
        Close("DiskSection");
    }
    if (!e.networks.empty()) {
        Open("NetworkSection");
        Leaf("Info", "The list of logical networks");
        for (const Network& n : e.networks) {
            Open("Network", {{"ovf:name", n.name}});
            Maybe("Description", n.description);
            Close("Network");
        }
        Close("NetworkSection");
    }
    if (!e.options.empty()) {
        Open("DeploymentOptionSection");
        Leaf("Info", "The ways in which it can be deployed");
        for (const Option& o : e.options) {
            Open("Configuration", {{"ovf:id", o.id}, {"ovf:default", o.is_default ? "true" : ""}});
            Leaf("Label", o.label);
            Leaf("Description", o.description);
            Close("Configuration");
        }
        Close("DeploymentOptionSection");
    }
    Open("VirtualSystem", {{"ovf:id", e.system.id}});
    Leaf("Info", e.system.info.empty() ? "A virtual machine" : e.system.info);
    Maybe("Name", e.system.name);
    Sections(e.system);
    Close("VirtualSystem");
    return out_ + "</Envelope>\n";
}

}  // namespace

std::string Write(const Envelope& envelope) { return Writer().Write(envelope); }

}  // namespace codec::ovf
