"""What products, classes and rules declare: attributes, quantities, actions."""
