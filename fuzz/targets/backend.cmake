bedplate_fuzz(qmp_reply DEPS backend)
bedplate_fuzz(qmp_event DEPS backend)
bedplate_fuzz(agent_reply DEPS backend)
bedplate_fuzz(ppm DEPS backend)
