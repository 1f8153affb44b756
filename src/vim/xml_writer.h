// Any value of the API as XML, by the descriptor tables: wire order, xsi:type where the
// reader needs it, and nothing that the caller's version does not know.
//
// The text belongs under an element whose default namespace is urn:vim25 and which has
// the prefixes xsi and xsd (codec::soap::kHead). Everything is appended to one string.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "vim/managed.h"

namespace vim {

// A field under its own name: once, repeated for an array, not at all when unset. The
// field itself is not asked for its version; the objects inside it are.
void WriteField(std::string& out, const Field& field, const void* slot, Version version);

// <tag>...</tag> with xsi:type when the object is not of the declared type. An object
// whose type is newer than the version goes out as its nearest older ancestor, but
// never as less than the declared type.
void WriteObject(std::string& out, std::string_view tag, const Type& declared, const DynamicData& object,
                 Version version);

// <tag xsi:type="...">: a value of any type. Nothing when it is empty.
void WriteAny(std::string& out, std::string_view tag, const Any& value, Version version);

// The child of a SOAP fault's detail. It is named by the fault that the method declares,
// where the actual one is a kind of it.
void WriteFault(std::string& out, const DynamicData& fault, std::span<const Type* const> declared, Version version);

// <Method xmlns="urn:vim25"><_this ...>parameters</Method>: what a client sends.
void WriteRequest(std::string& out, const Method& method, const Request& request, Version version);

}  // namespace vim
