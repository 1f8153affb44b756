bedplate_fuzz(journal_record DEPS store)
bedplate_fuzz(config_file DEPS store)
