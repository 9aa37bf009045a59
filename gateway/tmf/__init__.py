"""The TM Forum face of the gateway: TMF622 product orders and what belongs to them."""
