module bedplate.invalid/load

go 1.19
