// QuPath 0.4 and later: the outlines of kontur predict --format geojson into every image of the
// open project. Automate > Script editor, paste, set the folder, Run. Close the image in the viewer
// first, or open it again afterwards.
import qupath.lib.io.PathIO

def folder = "/path/to/OUTLINES"

for (entry in getProject().getImageList()) {
    def name = GeneralTools.getNameWithoutExtension(entry.getImageName())
    def file = new File(folder, name + ".geojson")
    if (file.exists()) {
        def data = entry.readImageData()
        // data.getHierarchy().clearAll()  // in place of the objects that are there
        data.getHierarchy().addObjects(PathIO.readObjects(file.toPath()))
        entry.saveImageData(data)
        println entry.getImageName()
    }
}
