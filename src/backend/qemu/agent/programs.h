// Programs and files by the guest agent: guest-exec, guest-file-*.
#pragma once

#include "backend/qemu/agent/client.h"
#include "rt/byte_stream.h"

namespace backend::qemu::agent {

rt::Co<base::Result<GuestOutcome>> Run(Client& agent, GuestProgram program);
// Both keep a share of `agent`, which may outlive its VM.
rt::Co<base::Result<rt::ByteStreamPtr>> OpenFile(Client& agent, std::string path, bool write);
rt::Co<base::Result<>> SetTime(Client& agent);
// How late its clock is, as of the middle between question and answer.
rt::Co<base::Result<base::Duration>> TimeLag(Client& agent);

}  // namespace backend::qemu::agent
