// XML as a server must read it: bounded, without DOCTYPE, with no entities but the
// five of the standard and numbers, and with a read-only view that knows namespaces.
//
// pugixml parses in place; Document keeps the text alive, and every string_view that
// an Element gives points into it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pugi {
struct xml_node_struct;
}

namespace codec::xml {

inline constexpr std::string_view kXsi = "http://www.w3.org/2001/XMLSchema-instance";
inline constexpr std::string_view kXsd = "http://www.w3.org/2001/XMLSchema";

// What one document may cost. Memory grows to about 20 times the bytes at worst.
struct Limits {
    std::size_t bytes = 16 << 20;
    std::size_t elements = 400'000;
    std::size_t attributes = 64;     // of one element
    unsigned depth = 64;
};

// A name with its prefix resolved. The URI is empty when the name is in no namespace.
struct QName {
    std::string_view uri;
    std::string_view local;
    friend bool operator==(const QName&, const QName&) = default;
};

class Element {
public:
    Element() = default;
    explicit Element(pugi::xml_node_struct* node) : node_(node) {}
    explicit operator bool() const { return node_; }

    std::string_view Local() const;              // the name without its prefix
    QName Name() const;                          // an undeclared prefix gives the empty URI
    Element First() const;                       // child elements, in order
    Element Next() const;                        // the next sibling element
    Element Child(std::string_view local) const; // the first child of that name, any namespace

    bool HasAttributes() const;
    // An attribute in no namespace: type="HostSystem".
    std::optional<std::string_view> Attribute(std::string_view name) const;
    // An attribute in a namespace: (kXsi, "type").
    std::optional<std::string_view> Attribute(std::string_view uri, std::string_view local) const;

    // A QName in content, such as the value of xsi:type, by the prefixes in force here;
    // nullopt: its prefix is not declared.
    std::optional<QName> Resolve(std::string_view qname) const;

    // The text, CDATA included. Points into the document, or into scratch when the text
    // came in pieces.
    std::string_view Text(std::string& scratch) const;
    // True when the element holds text that is not blank.
    bool HasText() const;

private:
    std::optional<std::string_view> UriOf(std::string_view prefix) const;
    pugi::xml_node_struct* node_ = nullptr;
};

class Document {
public:
    static base::Result<Document> Parse(std::string bytes, const Limits& limits = {});
    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    Element root() const;

private:
    struct Parsed;
    explicit Document(std::unique_ptr<Parsed> parsed);
    std::unique_ptr<Parsed> parsed_;
};

// Appends text for use as content or in an attribute with double quotes. Characters that
// XML 1.0 cannot carry are left out; bytes that are no UTF-8 become U+FFFD.
void Escape(std::string& out, std::string_view text);

}  // namespace codec::xml
