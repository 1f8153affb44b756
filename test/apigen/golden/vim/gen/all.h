// Every data object and managed object.
#pragma once
#include "vim/gen/toy.h"
