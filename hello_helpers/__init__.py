"""Learn ArmoniK in JupyterLab: the course wing (forms, steps) and an embedded ArmoniK."""
