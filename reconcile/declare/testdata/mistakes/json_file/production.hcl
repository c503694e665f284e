{"environment": {"production": {}}}
