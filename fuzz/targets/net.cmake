bedplate_fuzz(http_head DEPS net)
bedplate_fuzz(websocket DEPS net)
bedplate_fuzz(nbd_handshake DEPS net)
