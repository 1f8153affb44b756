// The root of the managed objects: what the inventory holds.
//
// A managed struct (vim/gen) has its properties as fields; data objects among them lie
// in a Ptr, so that two snapshots share what did not change.
#pragma once

#include "vim/value.h"

namespace vim {

struct ManagedObject : DynamicData {
    Ref self;

    const Type& type() const override { return kType; }
    DynamicData* Clone() const override { return new ManagedObject(*this); }
    static const Type kType;
};

// The root of the parameters of a method. `self` is the object that it is called on.
struct Request : DynamicData {
    Ref self;
};

}  // namespace vim
