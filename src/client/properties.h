// Properties of a server's objects: fetched once, or waited for without asking again and again.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/session.h"

namespace client {

// What a PropertyCollector answered, by object and path.
class Facts {
public:
    void Put(const vim::Ref& object, std::string path, vim::Any value);
    std::vector<vim::Ref> Objects() const;

    const vim::Any* Find(const vim::Ref& object, std::string_view path) const;
    template <class T> const T* Object(const vim::Ref& object, std::string_view path) const {
        const vim::Any* value = Find(object, path);
        return value ? value->Object<T>() : nullptr;
    }
    template <class T> const T* As(const vim::Ref& object, std::string_view path) const {
        const vim::Any* value = Find(object, path);
        return value ? value->As<T>() : nullptr;
    }
    std::string Text(const vim::Ref& object, std::string_view path) const;     // of a string or enumeration; ""
    std::vector<vim::Ref> Refs(const vim::Ref& object, std::string_view path) const;

private:
    std::map<vim::Ref, std::map<std::string, vim::Any, std::less<>>> values_;
};

// `paths` of these objects, which are of one type. Objects that are gone are left out.
rt::Co<vim::Result<Facts>> Fetch(Session& session, const vim::Type& type, std::vector<vim::Ref> objects,
                                 std::vector<std::string> paths);
// The same of every object of the type below the root folder.
rt::Co<vim::Result<Facts>> FetchAll(Session& session, const vim::Type& type, std::vector<std::string> paths);

// Waits until `enough` says so of the latest values of `paths`; it is called at first and
// after each change. False: `at_most` went by before.
rt::Co<vim::Result<bool>> WaitUntil(Session& session, vim::Ref object, std::vector<std::string> paths,
                                    std::function<bool(const Facts&)> enough, base::Duration at_most);

// Until the task has ended: its result, or its fault. `progress` hears percentages.
rt::Co<vim::Result<vim::Any>> WaitForTask(Session& session, vim::Ref task, std::function<void(int)> progress = {});

}  // namespace client
