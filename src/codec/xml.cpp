#include "codec/xml.h"

#include <pugixml.hpp>

#include "base/text.h"
#include "codec/xml_check.h"

namespace codec::xml {

namespace {

constexpr unsigned kParseFlags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                 pugi::parse_wconv_attribute | pugi::parse_ws_pcdata_single | pugi::parse_embed_pcdata |
                                 pugi::parse_doctype;

base::Error Bad(std::string words) { return {base::Code::kInvalid, "XML: " + std::move(words)}; }

bool IsElement(pugi::xml_node node) { return node.type() == pugi::node_element; }
bool IsText(pugi::xml_node node) { return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata; }

std::string_view AfterColon(std::string_view name) {
    auto colon = name.find(':');
    return colon == name.npos ? name : name.substr(colon + 1);
}
std::string_view BeforeColon(std::string_view name) {
    auto colon = name.find(':');
    return colon == name.npos ? std::string_view() : name.substr(0, colon);
}

base::Result<> CheckAttributes(pugi::xml_node node, const Limits& limits) {
    std::size_t count = 0;
    for (auto a = node.first_attribute(); a; a = a.next_attribute()) {
        if (++count > limits.attributes) return Bad(base::Cat("<", node.name(), "> has too many attributes"));
        std::string_view name = a.name();
        for (auto b = node.first_attribute(); b != a; b = b.next_attribute())
            if (name == b.name()) return Bad(base::Cat("<", node.name(), "> has attribute ", name, " twice"));
    }
    return {};
}

// Walks the tree without recursion, since its depth is what we are asking about.
base::Result<> CheckTree(pugi::xml_node root, const Limits& limits) {
    std::size_t elements = 0;
    unsigned depth = 1;
    for (pugi::xml_node node = root;;) {
        if (IsElement(node)) {
            if (++elements > limits.elements) return Bad(base::Cat("more than ", limits.elements, " elements"));
            if (depth > limits.depth) return Bad(base::Cat("deeper than ", limits.depth, " elements"));
            CHECK(CheckAttributes(node, limits));
        } else if (!IsText(node)) {
            return Bad("a DOCTYPE or processing instruction");
        }
        if (auto child = node.first_child()) {
            node = child;
            ++depth;
            continue;
        }
        while (node != root && !node.next_sibling()) {
            node = node.parent();
            --depth;
        }
        if (node == root) return {};
        node = node.next_sibling();
    }
}

}  // namespace

std::string_view Element::Local() const { return AfterColon(pugi::xml_node(node_).name()); }

QName Element::Name() const {
    std::string_view name = pugi::xml_node(node_).name();
    return {UriOf(BeforeColon(name)).value_or(""), AfterColon(name)};
}

static Element ElementFrom(pugi::xml_node node) {
    while (node && !IsElement(node)) node = node.next_sibling();
    return Element(node.internal_object());
}

Element Element::First() const { return ElementFrom(pugi::xml_node(node_).first_child()); }
Element Element::Next() const { return ElementFrom(pugi::xml_node(node_).next_sibling()); }

Element Element::Child(std::string_view local) const {
    for (Element e = First(); e; e = e.Next())
        if (e.Local() == local) return e;
    return {};
}

bool Element::HasAttributes() const { return !pugi::xml_node(node_).first_attribute().empty(); }

std::optional<std::string_view> Element::Attribute(std::string_view name) const {
    for (auto a = pugi::xml_node(node_).first_attribute(); a; a = a.next_attribute())
        if (name == a.name()) return a.value();
    return std::nullopt;
}

std::optional<std::string_view> Element::Attribute(std::string_view uri, std::string_view local) const {
    for (auto a = pugi::xml_node(node_).first_attribute(); a; a = a.next_attribute()) {
        std::string_view name = a.name();
        if (!name.ends_with(local) || AfterColon(name) != local) continue;
        auto prefix = BeforeColon(name);
        if (!prefix.empty() && UriOf(prefix) == uri) return a.value();
    }
    return std::nullopt;
}

std::optional<QName> Element::Resolve(std::string_view qname) const {
    qname = base::Trim(qname);
    auto uri = UriOf(BeforeColon(qname));
    if (!uri) return std::nullopt;
    return QName{*uri, AfterColon(qname)};
}

// The nearest declaration upwards. No default namespace is the empty one; a prefix
// must be declared.
std::optional<std::string_view> Element::UriOf(std::string_view prefix) const {
    for (pugi::xml_node node(node_); IsElement(node); node = node.parent()) {
        for (auto a = node.first_attribute(); a; a = a.next_attribute()) {
            std::string_view name = a.name();
            if (!name.starts_with("xmlns")) continue;
            bool found =
                prefix.empty() ? name.size() == 5 : name.size() > 6 && name[5] == ':' && name.substr(6) == prefix;
            if (found) return a.value();
        }
    }
    if (prefix.empty()) return "";
    return std::nullopt;
}

std::string_view Element::Text(std::string& scratch) const {
    pugi::xml_node node(node_);
    std::string_view own = node.value();
    pugi::xml_node piece = node.first_child();
    if (!piece) return own;
    if (own.empty() && IsText(piece) && !piece.next_sibling()) return piece.value();
    scratch = own;
    for (; piece; piece = piece.next_sibling())
        if (IsText(piece)) scratch += piece.value();
    return scratch;
}

bool Element::HasText() const {
    pugi::xml_node node(node_);
    if (!base::Trim(node.value()).empty()) return true;
    for (auto piece = node.first_child(); piece; piece = piece.next_sibling())
        if (IsText(piece) && !base::Trim(piece.value()).empty()) return true;
    return false;
}

// On the heap in one piece, so that the short-string buffer of `text` never moves.
struct Document::Parsed {
    std::string text;
    pugi::xml_document tree;
};

Document::Document(std::unique_ptr<Parsed> parsed) : parsed_(std::move(parsed)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

base::Result<Document> Document::Parse(std::string bytes, const Limits& limits) {
    CHECK(CheckBytes(bytes, limits));
    auto edge = base::Trim(std::string_view(bytes).substr(bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0));
    if (edge.empty()) return Bad("nothing there");
    if (edge.front() != '<' || edge.back() != '>') return Bad("text outside the root element");
    auto parsed = std::make_unique<Parsed>();
    parsed->text = std::move(bytes);
    auto outcome =
        parsed->tree.load_buffer_inplace(parsed->text.data(), parsed->text.size(), kParseFlags, pugi::encoding_utf8);
    if (!outcome) return Bad(base::Cat(outcome.description(), " at byte ", std::int64_t(outcome.offset)));
    auto root = parsed->tree.first_child();
    if (!IsElement(root) || root.next_sibling()) return Bad("there must be one root element");
    CHECK(CheckTree(root, limits));
    return Document(std::move(parsed));
}

Element Document::root() const { return Element(parsed_->tree.first_child().internal_object()); }

}  // namespace codec::xml
