bedplate_fuzz(soap DEPS vim codec rt)
