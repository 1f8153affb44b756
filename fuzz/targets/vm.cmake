bedplate_fuzz(guest_output DEPS vm)
