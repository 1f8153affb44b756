bedplate_fuzz(pack DEPS vim rt)
