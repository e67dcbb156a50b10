"""Names of volumes: the endings of NIfTI, and what to do with a pair of files."""

PACKED = ".nii.gz"
ENDINGS = (".nii", PACKED)
ONE_FILE = "save it as one file of NIfTI (.nii.gz) from ITK-SNAP, 3D Slicer or nibabel"
