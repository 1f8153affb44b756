// A PropertyFilterSpec made ready to run: paths parsed, names resolved, types looked up.
//
// Compile() finds what is wrong with it once; Select() walks the inventory from its
// starting points and gives each selected object once.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "api/reader.h"
#include "vim/gen/collector.h"

namespace api {

struct WantedPath {
    std::string text;            // as the client wrote it: answered verbatim
    vim::Path path;
};

struct Wanted {                  // one PropertySpec
    const vim::Type* type;
    bool all = false;
    std::vector<WantedPath> paths;
};

class Selection {
public:
    static vim::Result<Selection> Compile(const vim::PropertyFilterSpec& spec);

    // fn(Node) for every selected object, once each, in the order of discovery.
    // ManagedObjectNotFound when a starting point is not there and the spec does not allow
    // it; those that it allows are listed in `missing`. `passed` gets what was met and not
    // selected: objects walked over, and references that lead nowhere.
    using Passed = std::unordered_set<vim::Ref>;
    vim::Result<> Select(const Reader& reader, const std::function<void(inventory::Node)>& fn,
                         std::vector<vim::Ref>& missing, Passed* passed = nullptr) const;

    // The paths that the spec wants of objects of this type, each once; null when no
    // PropertySpec applies (the object is walked over but not reported). `all` expanded.
    const std::vector<WantedPath>* PathsOf(const vim::Type& type) const;

    // Whether a change of these top-level properties can change what is selected.
    bool Steers(const vim::Type& type, const std::vector<const vim::Field*>& fields) const;

private:
    struct Traversal {
        const vim::Type* type;
        vim::Path path;
        bool skip = false;
        std::vector<int> next;           // indices into traversals_
    };
    struct Start {
        vim::Ref object;
        bool skip;
        std::vector<int> next;
    };
    struct Walk;

    vim::Result<> AddWanted(const vim::PropertySpec& spec);
    vim::Result<> Declare(const vim::Ptr<vim::SelectionSpec>& spec);
    vim::Result<std::vector<int>> Resolve(const std::vector<vim::Ptr<vim::SelectionSpec>>& set) const;

    std::vector<Wanted> wanted_;
    std::vector<Traversal> traversals_;
    std::unordered_map<std::string, int> by_name_;
    std::unordered_map<const vim::SelectionSpec*, int> by_spec_;
    std::vector<Start> objects_;
    bool report_missing_ = false;
    mutable std::unordered_map<const vim::Type*, std::unique_ptr<std::vector<WantedPath>>> paths_;
};

}  // namespace api
