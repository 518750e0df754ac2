"""The prompt compiler: a target becomes sections, and sections become one text. No I/O."""
