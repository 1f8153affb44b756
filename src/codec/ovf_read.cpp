#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "codec/ovf.h"
#include "codec/xml.h"

namespace codec::ovf {
namespace {

using xml::Element;
using Kind = Problem::Kind;

bool IsEnvelope(std::string_view uri) { return uri == kNamespace1 || uri == kNamespace2; }

std::string TextOf(Element e) {
    std::string scratch;
    return e ? std::string(base::Trim(e.Text(scratch))) : std::string();
}

// An attribute of the envelope's namespace, with its prefix or (as some write) without.
std::string Attr(Element e, std::string_view name) {
    for (std::string_view uri : {kNamespace1, kNamespace2})
        if (auto value = e.Attribute(uri, name)) return std::string(*value);
    return std::string(e.Attribute(name).value_or(""));
}
std::string VmwAttr(Element e, std::string_view name) { return std::string(e.Attribute(kVmware, name).value_or("")); }

bool IsTrue(std::string_view word) { return word == "true" || word == "1"; }
bool Required(Element e) {
    std::string word = Attr(e, "required");
    return word.empty() || IsTrue(word);
}

class Reader {
public:
    Reader(const Limits& limits) : limits_(limits) {}
    base::Result<Envelope, Problem> Read(Element root);

private:
    using Done = base::Result<std::monostate, Problem>;
    static Problem Wrong(Kind kind, Element e, std::string attribute, std::string value, std::string words) {
        return {kind, std::string(e.Local()), std::move(attribute), std::move(value), std::move(words)};
    }
    Done ReadStrings(Element root);
    Done ReadReferences(Element e);
    Done ReadDisks(Element e);
    Done ReadSystem(Element e, System& system, int depth);
    Done ReadHardware(Element e, System& system);
    base::Result<Item, Problem> ReadItem(Element e);
    Done ReadProduct(Element e, System& system);
    Done Number(Element e, std::optional<std::int64_t>& to);
    base::Result<std::string, Problem> Need(Element e, std::string_view attribute);
    template <class List> Done Room(const List& list, Element e) {
        if (list.size() < limits_.each) return {};
        return Wrong(Kind::kInvalidValue, e, "", "", base::Cat("more than ", limits_.each, " <", e.Local(), ">"));
    }
    // Text that may be said in a table of strings.
    std::string Words(Element e) const {
        if (!e) return {};
        std::string id = Attr(e, "msgid");
        auto found = id.empty() ? strings_.end() : strings_.find(id);
        return found == strings_.end() ? TextOf(e) : found->second;
    }
    static Setting ReadSetting(Element e) { return {VmwAttr(e, "key"), VmwAttr(e, "value"), Required(e)}; }

    const Limits& limits_;
    std::map<std::string, std::string> strings_;
    Envelope out_;
};

base::Result<std::string, Problem> Reader::Need(Element e, std::string_view attribute) {
    std::string value = Attr(e, attribute);
    if (!value.empty()) return value;
    return Wrong(Kind::kMissingAttribute, e, std::string(attribute), "",
                 base::Cat("<", e.Local(), "> has no attribute ", attribute));
}

Reader::Done Reader::Number(Element e, std::optional<std::int64_t>& to) {
    std::string text = TextOf(e);
    if (text.empty()) return {};
    to = base::ToInt(text);
    if (to) return {};
    return Wrong(Kind::kInvalidValue, e, "", text, base::Cat("<", e.Local(), ">: \"", text, "\" is no whole number"));
}

Reader::Done Reader::ReadStrings(Element root) {
    // English, or the first there is; what lies in files of its own is not read.
    Element chosen;
    for (Element e = root.First(); e; e = e.Next()) {
        if (e.Local() != "Strings" || !Attr(e, "fileRef").empty()) continue;
        auto lang = e.Attribute("xml:lang");
        if (!chosen || (lang && base::Lower(*lang).starts_with("en"))) chosen = e;
    }
    for (Element m = chosen ? chosen.First() : Element(); m; m = m.Next()) {
        CHECK(Room(strings_, m));
        strings_[Attr(m, "msgid")] = TextOf(m);
    }
    return {};
}

Reader::Done Reader::ReadReferences(Element section) {
    for (Element e = section.First(); e; e = e.Next()) {
        if (e.Local() != "File") continue;
        CHECK(Room(out_.files, e));
        File f;
        TRY(id, Need(e, "id"));
        TRY(href, Need(e, "href"));
        if (out_.FindFile(id))
            return Wrong(Kind::kDuplicate, e, "id", id, base::Cat("there are two files with the id \"", id, "\""));
        if (!IsPackageHref(href))
            return Wrong(Kind::kInvalidValue, e, "href", href,
                         base::Cat("\"", href, "\" is no file of the package: a relative name without \"..\" is"));
        f.id = std::move(id);
        f.href = std::move(href);
        f.compression = Attr(e, "compression");
        for (auto [name, slot] : {std::pair{"size", &f.size}, std::pair{"chunkSize", &f.chunk_size}}) {
            std::string text = Attr(e, name);
            if (text.empty()) continue;
            *slot = base::ToInt(text);
            if (!*slot || **slot < 0)
                return Wrong(Kind::kInvalidValue, e, name, text, base::Cat("\"", text, "\" is no size of a file"));
        }
        out_.files.push_back(std::move(f));
    }
    return {};
}

Reader::Done Reader::ReadDisks(Element section) {
    for (Element e = section.First(); e; e = e.Next()) {
        if (e.Local() != "Disk") continue;
        CHECK(Room(out_.disks, e));
        Disk d;
        TRY(id, Need(e, "diskId"));
        if (out_.FindDisk(id))
            return Wrong(Kind::kDuplicate, e, "diskId", id, base::Cat("there are two disks with the id \"", id, "\""));
        d.id = std::move(id);
        d.file = Attr(e, "fileRef");
        d.parent = Attr(e, "parentRef");
        d.format = Attr(e, "format");
        if (!d.file.empty() && !out_.FindFile(d.file))
            return Wrong(Kind::kReference, e, "fileRef", d.file, base::Cat("there is no file \"", d.file, "\""));
        TRY(capacity, Need(e, "capacity"));
        bool reference = capacity.starts_with("${") && capacity.ends_with("}");
        if (auto number = base::ToInt(capacity); !reference && (!number || *number < 0))
            return Wrong(Kind::kInvalidValue, e, "capacity", capacity,
                         base::Cat("\"", capacity, "\" is no capacity of a disk"));
        d.capacity = std::move(capacity);
        std::string units = Attr(e, "capacityAllocationUnits");
        auto unit = UnitOf(units);
        if (!unit || *unit == 0)
            return Wrong(Kind::kInvalidValue, e, "capacityAllocationUnits", units,
                         base::Cat("\"", units, "\" is no unit of bytes"));
        d.unit = *unit;
        if (std::string text = Attr(e, "populatedSize"); !text.empty()) d.populated = base::ToInt(text);
        out_.disks.push_back(std::move(d));
    }
    return {};
}

base::Result<Item, Problem> Reader::ReadItem(Element e) {
    Item item;
    item.required = Required(e);
    item.configuration = Attr(e, "configuration");
    item.bound = Attr(e, "bound");
    std::optional<std::int64_t> type;
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "ResourceType") CHECK(Number(p, type));
        else if (n == "InstanceID" || n == "InstanceId") item.instance = TextOf(p);
        else if (n == "ElementName" || n == "Caption") item.name = item.name.empty() ? Words(p) : item.name;
        else if (n == "Description") item.description = Words(p);
        else if (n == "ResourceSubType") item.subtype = TextOf(p);
        else if (n == "Parent") item.parent = TextOf(p);
        else if (n == "Address") item.address = TextOf(p);
        else if (n == "AddressOnParent") item.address_on_parent = TextOf(p);
        else if (n == "AllocationUnits") item.units = TextOf(p);
        else if (n == "AutomaticAllocation") item.automatic = IsTrue(TextOf(p));
        else if (n == "VirtualQuantity") CHECK(Number(p, item.quantity));
        else if (n == "Limit") CHECK(Number(p, item.limit));
        else if (n == "Reservation") CHECK(Number(p, item.reservation));
        else if (n == "Weight") CHECK(Number(p, item.weight));
        else if (n == "CoresPerSocket") CHECK(Number(p, item.cores_per_socket));
        else if (n == "Connection") {
            CHECK(Room(item.connections, p));
            item.connections.push_back(TextOf(p));
        } else if (n == "HostResource") {
            CHECK(Room(item.resources, p));
            item.resources.push_back(TextOf(p));
        } else if (n == "Config") {
            CHECK(Room(item.config, p));
            item.config.push_back(ReadSetting(p));
        }
    }
    if (!type)
        return Wrong(Kind::kMissingElement, e, "", "", base::Cat("item \"", item.instance, "\" has no ResourceType"));
    if (*type < 0 || *type > 65535)
        return Wrong(Kind::kInvalidValue, e, "", base::Cat(*type), base::Cat(*type, " is no ResourceType"));
    item.type = static_cast<int>(*type);
    return item;
}

Reader::Done Reader::ReadHardware(Element e, System& system) {
    CHECK(Room(system.hardware, e));
    Hardware h;
    std::string transport = Attr(e, "transport");
    for (std::string_view word : base::Split(transport, ' '))
        if (!word.empty()) h.transport.emplace_back(word);
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "System") {
            std::string families = TextOf(p.Child("VirtualSystemType"));
            for (char& c : families) c = c == ',' ? ' ' : c;
            for (std::string_view word : base::Split(families, ' '))
                if (!word.empty()) h.families.emplace_back(word);
        } else if (n == "Item" || n == "EthernetPortItem" || n == "StorageItem") {
            CHECK(Room(h.items, p));
            TRY(item, ReadItem(p));
            h.items.push_back(std::move(item));
        } else if (n == "Config" || n == "ExtraConfig") {
            auto& list = n == "Config" ? h.config : h.extra;
            CHECK(Room(list, p));
            list.push_back(ReadSetting(p));
        }
    }
    system.hardware.push_back(std::move(h));
    return {};
}

Reader::Done Reader::ReadProduct(Element e, System& system) {
    CHECK(Room(system.products, e));
    Product product;
    product.class_id = Attr(e, "class");
    product.instance = Attr(e, "instance");
    std::string category;
    std::set<std::string> keys;
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "Product") product.name = Words(p);
        else if (n == "Vendor") product.vendor = Words(p);
        else if (n == "Version") product.version = TextOf(p);
        else if (n == "FullVersion") product.full_version = TextOf(p);
        else if (n == "ProductUrl") product.url = TextOf(p);
        else if (n == "VendorUrl") product.vendor_url = TextOf(p);
        else if (n == "AppUrl") product.app_url = TextOf(p);
        else if (n == "Category") category = Words(p);
        if (n != "Property") continue;
        CHECK(Room(product.properties, p));
        Property property;
        TRY(key, Need(p, "key"));
        if (!keys.insert(key).second)
            return Wrong(Kind::kDuplicate, p, "key", key, base::Cat("property \"", key, "\" is there twice"));
        property.key = std::move(key);
        property.type = Attr(p, "type");
        property.qualifiers = Attr(p, "qualifiers");
        property.value = Attr(p, "value");
        property.user_configurable = IsTrue(Attr(p, "userConfigurable"));
        property.password = IsTrue(Attr(p, "password"));
        property.category = category;
        property.label = Words(p.Child("Label"));
        property.description = Words(p.Child("Description"));
        for (Element v = p.First(); v; v = v.Next()) {
            if (v.Local() != "Value") continue;
            CHECK(Room(property.values, v));
            property.values.emplace_back(Attr(v, "configuration"), Attr(v, "value"));
        }
        product.properties.push_back(std::move(property));
    }
    system.products.push_back(std::move(product));
    return {};
}

Reader::Done Reader::ReadSystem(Element e, System& system, int depth) {
    system.collection = e.Local() == "VirtualSystemCollection";
    TRY(id, Need(e, "id"));
    system.id = std::move(id);
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "Info") system.info = Words(p);
        else if (n == "Name") system.name = Words(p);
        else if (n == "AnnotationSection") system.annotation = Words(p.Child("Annotation"));
        else if (n == "EulaSection") {
            CHECK(Room(system.eulas, p));
            system.eulas.push_back(Words(p.Child("License")));
        } else if (n == "ProductSection") CHECK(ReadProduct(p, system));
        else if (n == "VirtualHardwareSection") CHECK(ReadHardware(p, system));
        else if (n == "OperatingSystemSection") {
            system.os = static_cast<int>(std::clamp<std::int64_t>(base::ToInt(Attr(p, "id")).value_or(0), 0, 65535));
            system.os_type = VmwAttr(p, "osType");
            system.os_description = Words(p.Child("Description"));
        } else if (n == "InstallSection") {
            system.install_boot = true;
            system.install_delay = static_cast<int>(
                std::clamp<std::int64_t>(base::ToInt(Attr(p, "initialBootStopDelay")).value_or(0), 0, 86400));
        } else if (n == "VirtualSystem" || n == "VirtualSystemCollection") {
            if (!system.collection || depth > 8)
                return Wrong(Kind::kInvalidValue, p, "", "", "systems are nested in a way that cannot be");
            CHECK(Room(system.children, p));
            System child;
            CHECK(ReadSystem(p, child, depth + 1));
            system.children.push_back(std::move(child));
        } else if (n == "IpAssignmentSection") {
            for (auto [name, list] :
                 {std::pair{"schemes", &out_.ip_schemes}, std::pair{"protocols", &out_.ip_protocols}}) {
                std::string words = Attr(p, name);
                if (words.empty()) words = VmwAttr(p, name);
                for (char& c : words) c = c == ',' ? ' ' : c;
                for (std::string_view word : base::Split(words, ' '))
                    if (!word.empty() && list->size() < 16) list->emplace_back(word);
            }
        } else if (n != "StartupSection" && n != "ResourceAllocationSection" && n != "BootOrderSection") {
            CHECK(Room(system.unknown, p));
            system.unknown.push_back({std::string(n), Words(p.Child("Info")), Required(p)});
        }
    }
    return {};
}

base::Result<Envelope, Problem> Reader::Read(Element root) {
    if (root.Local() != "Envelope" || !IsEnvelope(root.Name().uri))
        return Wrong(Kind::kNamespace, root, "", std::string(root.Name().uri),
                     base::Cat("the document is no OVF envelope: it begins with <", root.Local(), "> of \"",
                               root.Name().uri, "\""));
    CHECK(ReadStrings(root));
    Element system;
    for (Element e = root.First(); e; e = e.Next())           // before what refers to them
        if (e.Local() == "References") CHECK(ReadReferences(e));
    for (Element e = root.First(); e; e = e.Next()) {
        std::string_view n = e.Local();
        if (n == "DiskSection" || n == "SharedDiskSection") CHECK(ReadDisks(e));
        else if (n == "NetworkSection") {
            for (Element p = e.First(); p; p = p.Next()) {
                if (p.Local() != "Network") continue;
                CHECK(Room(out_.networks, p));
                TRY(name, Need(p, "name"));
                out_.networks.push_back({std::move(name), Words(p.Child("Description"))});
            }
        } else if (n == "DeploymentOptionSection") {
            for (Element p = e.First(); p; p = p.Next()) {
                if (p.Local() != "Configuration") continue;
                CHECK(Room(out_.options, p));
                TRY(id, Need(p, "id"));
                out_.options.push_back({std::move(id), Words(p.Child("Label")), Words(p.Child("Description")),
                                        IsTrue(Attr(p, "default"))});
            }
        } else if (n == "VirtualSystem" || n == "VirtualSystemCollection") {
            if (system) return Wrong(Kind::kDuplicate, e, "", "", "there are two virtual systems");
            system = e;
        } else if (n != "References" && n != "Strings") {
            CHECK(Room(out_.unknown, e));
            out_.unknown.push_back({std::string(n), Words(e.Child("Info")), Required(e)});
        }
    }
    if (!system) return Problem{Kind::kMissingElement, "VirtualSystem", "", "", "the envelope holds no virtual system"};
    CHECK(ReadSystem(system, out_.system, 0));
    return std::move(out_);
}

}  // namespace

const File* Envelope::FindFile(std::string_view id) const {
    for (const File& f : files)
        if (f.id == id) return &f;
    return nullptr;
}

const Disk* Envelope::FindDisk(std::string_view id) const {
    for (const Disk& d : disks)
        if (d.id == id) return &d;
    return nullptr;
}

bool IsPackageHref(std::string_view href) {
    if (href.empty() || href.size() > 1024 || href.front() == '/' || href.find("//") != std::string_view::npos)
        return false;
    for (unsigned char c : href)
        if (c < 0x20 || c == 0x7f || c == '\\' || c == ':') return false;
    // As it stands and as a client would decode it.
    auto decoded = base::PercentDecode(href);
    for (std::string_view text : {href, decoded ? std::string_view(*decoded) : href})
        for (std::string_view part : base::Split(text, '/'))
            if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos) return false;
    return true;
}

std::optional<std::uint64_t> UnitOf(std::string_view text) {
    std::string word = base::Lower(base::Trim(text));
    static const std::map<std::string, std::uint64_t, std::less<>> kWords{{"", 1},
                                                                          {"byte", 1},
                                                                          {"bytes", 1},
                                                                          {"kilobytes", 1 << 10},
                                                                          {"megabytes", 1 << 20},
                                                                          {"gigabytes", 1 << 30},
                                                                          {"terabytes", 1ull << 40},
                                                                          {"hertz", 1},
                                                                          {"mhz", 1'000'000},
                                                                          {"count", 1}};
    if (auto known = kWords.find(word); known != kWords.end()) return known->second;
    auto parts = base::Split(word, '*');
    std::string_view what = base::Trim(parts.front());
    if (what != "byte" && what != "hertz" && what != "bytes" && what != "count") return std::nullopt;
    std::uint64_t unit = 1;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        auto power = base::Split(base::Trim(parts[i]), '^');
        auto base_number = base::ToInt(base::Trim(power[0]));
        auto exponent = power.size() == 2 ? base::ToInt(base::Trim(power[1])) : std::optional<std::int64_t>(1);
        if (power.size() > 2 || !base_number || !exponent || *base_number < 1 || *exponent < 0 || *exponent > 62)
            return std::nullopt;
        for (std::int64_t n = 0; n < *exponent; ++n)
            if (__builtin_mul_overflow(unit, static_cast<std::uint64_t>(*base_number), &unit) || unit > 1ull << 60)
                return std::nullopt;
    }
    return unit;
}

base::Result<Envelope, Problem> Parse(std::string text, const Limits& limits) {
    xml::Limits bounds;
    bounds.bytes = limits.bytes;
    bounds.elements = 100'000;
    auto document = xml::Document::Parse(std::move(text), bounds);
    if (!document) return Problem{Problem::Kind::kXml, "", "", "", std::move(document).error().message};
    return Reader(limits).Read(document->root());
}

}  // namespace codec::ovf
