// Fiji and ImageJ: the outlines of kontur predict --format imagej, laid over all images of a folder.
// Plugins > New > Macro, paste, language IJ1 Macro, Run. It asks for three folders; images become
// TIFF files with their outlines as overlay, which any Fiji shows and edits.
images = getDir("Images");
outlines = getDir("Outlines: NAME.rois.zip");
results = getDir("Images with outlines, to be written");
setBatchMode(true);
files = getFileList(images);
for (i = 0; i < files.length; i++) {
    name = File.getNameWithoutExtension(files[i]);
    rois = outlines + name + ".rois.zip";
    if (parseInt(File.length(rois)) > 22) {  // 0 where there is none, 22 where it is empty
        open(images + files[i]);
        roiManager("reset");
        roiManager("open", rois);
        run("From ROI Manager");
        saveAs("Tiff", results + name + ".tif");
        close();
    }
}
