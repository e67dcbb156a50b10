// QuPath 0.4 and later: the objects of every image of the open project as NAME.geojson, in the folder
// kontur of the project; beside their images they are a training folder. Automate > Script editor,
// paste, Run. What was changed in the viewer must be saved first: File > Save.
def folder = buildFilePath(PROJECT_BASE_DIR, "kontur")
mkdirs(folder)

for (entry in getProject().getImageList()) {
    def name = GeneralTools.getNameWithoutExtension(entry.getImageName())
    def objects = entry.readHierarchy().getAllObjects(false)
    exportObjectsToGeoJson(objects, buildFilePath(folder, name + ".geojson"), "FEATURE_COLLECTION")
    println "${entry.getImageName()}: ${objects.size()} objects"
}
