"""One file a device: its GATT names and a sans-I/O codec. Only link.py and bumble_radio.py know bleak."""
