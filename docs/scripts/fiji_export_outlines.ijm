// Fiji and ImageJ: the overlays of all TIFF files of a folder as NAME.rois.zip beside them, which
// is a training folder: kontur train FOLDER. Plugins > New > Macro, paste, language IJ1 Macro, Run.
images = getDir("Images with outlines");
setBatchMode(true);
files = getFileList(images);
for (i = 0; i < files.length; i++) {
    if (endsWith(files[i], ".tif")) {
        open(images + files[i]);
        if (Overlay.size > 0) {
            roiManager("reset");
            run("To ROI Manager");
            roiManager("deselect");
            roiManager("save", images + File.getNameWithoutExtension(files[i]) + ".rois.zip");
        }
        close();
    }
}
