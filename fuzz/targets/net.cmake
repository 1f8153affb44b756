bedplate_fuzz(http_head DEPS net)
