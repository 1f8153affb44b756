"""One file, FOLDER/image, that fails when it is asked to: a file system in user space. While the file
CONTROL holds "write" or "read", such requests end with EIO.

    /usr/bin/python3 faulty_image.py BACKING CONTROL FOLDER     # with Debian's fusepy; until it is unmounted
"""

import errno
import os
import stat
import sys

import fusepy


class Image(fusepy.Operations):
    def __init__(self, backing, control):
        self.file, self.control = os.open(backing, os.O_RDWR), control

    def check(self, what):
        with open(self.control) as file:
            if file.read().strip() == what:
                raise fusepy.FuseOSError(errno.EIO)

    def getattr(self, path, handle=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        if path != "/image":
            raise fusepy.FuseOSError(errno.ENOENT)
        return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": os.fstat(self.file).st_size}

    def readdir(self, path, handle):
        return [".", "..", "image"]

    def read(self, path, size, offset, handle):
        self.check("read")
        return os.pread(self.file, size, offset)

    def write(self, path, data, offset, handle):
        self.check("write")
        return os.pwrite(self.file, data, offset)


if __name__ == "__main__":
    fusepy.FUSE(Image(sys.argv[1], sys.argv[2]), sys.argv[3], foreground=True, nothreads=True)
