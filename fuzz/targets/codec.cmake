bedplate_fuzz(vmx DEPS codec rt)
bedplate_fuzz(vmsd DEPS codec rt)
bedplate_fuzz(vmdk DEPS codec rt)
bedplate_fuzz(qcow2 DEPS codec rt)
