"""How clients reach Temporal."""
