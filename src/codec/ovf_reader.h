// Reads an envelope, element by element: the private half of ovf_read*.cpp.
#pragma once

#include <map>

#include "base/text.h"
#include "codec/ovf.h"
#include "codec/xml.h"

namespace codec::ovf {

using xml::Element;

// The text of an element without the space around it.
std::string TextOf(Element e);
// An attribute of the envelope's namespace, with its prefix or (as some write) without.
std::string Attr(Element e, std::string_view name);
std::string VmwAttr(Element e, std::string_view name);
bool IsTrue(std::string_view word);
bool Required(Element e);

class Reader {
public:
    Reader(const Limits& limits) : limits_(limits) {}
    base::Result<Envelope, Problem> Read(Element root);

private:
    using Done = base::Result<std::monostate, Problem>;
    using Kind = Problem::Kind;
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

}  // namespace codec::ovf
