"""The U-Net family: a class for every pixel, and objects made of the pixels by morphology."""
