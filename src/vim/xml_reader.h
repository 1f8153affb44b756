// XML to values, by the descriptor tables. Order does not matter; everything else does:
// an unknown element, a missing or repeated one, a number out of range, a type that does
// not fit are errors of kind kInvalid whose words begin with the path:
// "spec.deviceChange[2].device.key: "x" is not a whole number".
#pragma once

#include "base/result.h"
#include "codec/xml.h"
#include "vim/managed.h"

namespace vim {

struct ReadOptions {
    Version version = kNewest;     // fields that are younger may be missing
    bool ignore_unknown = false;   // the sender is newer than we are: leave out what we do not know
    // An answer of a server that may be of another make: what we have no type or name for is read
    // as the declared type or left unset, and what it leaves out has its default. Not for requests.
    bool lenient = false;
};

// The parameters of a call and the object that it is for. `call` is the child of the body.
base::Result<Ptr<Request>> ReadRequest(codec::xml::Element call, const Method& method, const ReadOptions& options = {});

// An object of the declared type or, by xsi:type, of one below it.
base::Result<Ptr<DynamicData>> ReadObject(codec::xml::Element element, const Type& declared,
                                          const ReadOptions& options = {});

// A value of the type that xsi:type names; a string when it names none.
base::Result<Any> ReadAny(codec::xml::Element element, const ReadOptions& options = {});

// The children of `parent` that bear the field's name, into an empty slot: how a client
// reads the returnval of an answer.
base::Result<> ReadField(codec::xml::Element parent, const Field& field, void* slot, const ReadOptions& options = {});

}  // namespace vim
