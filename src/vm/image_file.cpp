#include "vm/image_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace vm {

base::Result<> CheckImage(const Located& image) {
    std::string file = image.Absolute(), name = image.path.Text();
    struct stat found {};
    if (stat(file.c_str(), &found) || access(file.c_str(), R_OK))
        return base::Error{base::Code::kNotFound, name + " is not there"};
    if (!S_ISREG(found.st_mode))
        return base::Error{base::Code::kNotFound,
                           base::Cat(name, S_ISDIR(found.st_mode) ? " is a folder" : " is no regular file",
                                     "; name the file of an image")};
    if (!StaysWithin(image.volume.folder, file))
        return base::Error{base::Code::kInvalid, name + " leads out of its datastore"};
    return {};
}

}  // namespace vm
