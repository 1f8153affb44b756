// What an imagined VM shows: a small grey screen that speaks RFB well enough for any client,
// and a serial line that greets and echoes.
#pragma once

#include "backend/hypervisor.h"

namespace backend::sim {

rt::ByteStreamPtr MakeScreen(const std::string& vm);
rt::ByteStreamPtr MakeSerialLine(const std::string& vm);
Picture TakePicture(const std::string& vm);
bool IsKey(int usage);

}  // namespace backend::sim
