// A hook for tests of recovery: hostd kills itself when a task comes to a named point of
// its journal, as a power cut or the kernel's OOM killer might.
//
//   BEDPLATE_TEST_DIE_AT=/tmp/point hostd ...      with "VirtualMachine.powerOn:end" in /tmp/point
//
// The file is read at each point, so that a test may arm a host that runs; a file that is
// empty or not there only has the points written into the log. Whoever can set the
// environment of hostd could end it anyway.
#pragma once

#include <functional>
#include <string_view>

namespace app {

// What DurableTasks::Options::on_point takes; does nothing when the variable is not set.
std::function<void(std::string_view task_id, std::string_view point)> DieAt();

}  // namespace app
