#include "codec/ovf_reader.h"

namespace codec::ovf {

static bool IsEnvelope(std::string_view uri) { return uri == kNamespace1 || uri == kNamespace2; }

std::string TextOf(Element e) {
    std::string scratch;
    return e ? std::string(base::Trim(e.Text(scratch))) : std::string();
}

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

base::Result<Envelope, Problem> Parse(std::string text, const Limits& limits) {
    xml::Limits bounds;
    bounds.bytes = limits.bytes;
    bounds.elements = 100'000;
    auto document = xml::Document::Parse(std::move(text), bounds);
    if (!document) return Problem{Problem::Kind::kXml, "", "", "", std::move(document).error().message};
    return Reader(limits).Read(document->root());
}

}  // namespace codec::ovf
