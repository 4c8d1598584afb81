"""Settings of structures: a value that is not an attribute of its own, as in ChimeraX."""

label_missing_attr = "label_missing_structure_threshold"


class _Settings:
    def __getattr__(self, name):
        return {label_missing_attr: 4}[name]


settings = _Settings()
